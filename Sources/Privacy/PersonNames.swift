import Bytes

/// Whether a text that is nothing else names a person or a place where one lives, in Latin letters, as far as can be told
/// without its field's name: a given name that many have and at least one more word, or a kind of street and a number.
enum PersonNames {
    private static let given = hashes(
        """
        maria jose joao ana antonio francisco carlos paulo pedro lucas luiz luis marcos gabriel rafael daniel marcelo bruno
        eduardo felipe rodrigo manoel mateus andre fernando fabio leonardo gustavo guilherme leandro tiago anderson ricardo
        marcio jorge sebastiao alexandre roberto edson diego vitor sergio claudio matheus thiago geraldo adriano luciano julio
        renato alex vinicius rogerio samuel ronaldo mario flavio douglas igor davi manuel jeferson cicero victor miguel
        francisca antonia adriana juliana marcia fernanda patricia aline sandra camila amanda bruna jessica leticia julia
        luciana vanessa mariana gabriela vera vitoria larissa claudia beatriz rita luana sonia renata eliane josefa simone
        natalia cristiane carla debora rosangela jaqueline rosa daniela aparecida marlene terezinha raimunda helena alice
        sofia isabel isabela laura lucia regina cristina raquel tereza juan guadalupe margarita alejandro veronica leticia
        alejandra rosario silvia gloria teresa javier jesus raul hector oscar ramon ruben enrique arturo alberto armando
        gerardo salvador alfredo pablo martin rafael victoria yolanda araceli esperanza norma irma carmen dolores elena
        ximena valentina santiago mateo emiliano sebastian diego leonardo regina renata camila fernanda john james robert
        michael william david richard joseph thomas charles christopher matthew anthony mark donald steven andrew paul joshua
        kenneth kevin brian george edward mary jennifer linda elizabeth barbara susan sarah karen nancy lisa betty sandra
        ashley emily kimberly donna michelle carol deborah stephanie laura rebecca sharon cynthia amy angela anna emma olivia
        peter frank henry
        """)

    private static let pinyin = hashes(
        """
        wang li zhang liu chen yang huang zhao wu zhou xu sun zhu hu guo lin gao luo zheng liang xie song tang deng han feng
        cao peng zeng xiao tian dong pan yuan cai jiang yu du ye cheng wei su lv ding ren shen yao lu fu zhong cui tan liao fan
        """)

    private static let particles = hashes("de da do dos das del la las los e y di van von der")

    private static let streets = hashes(
        """
        rua avenida av travessa alameda praca estrada rodovia calle avenida avda calzada boulevard blvd privada cerrada carretera
        prolongacion andador street
        """)

    static func isName(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        guard (5...64).contains(range.count) else { return false }
        var words = 0
        var particle = 0
        var first: UInt64 = 0
        var isGiven = false
        var at = range.lowerBound
        while at < range.upperBound {
            let (end, hash, isCapital) = word(bytes, at, range.upperBound)
            guard end > at else { return false }
            if isCapital {
                if words == 0 {
                    first = hash
                    isGiven = given.contains(hash)
                }
                words += 1
            } else {
                guard words > 0, particles.contains(hash) else { return false }
                particle += 1
            }
            at = end
            if at < range.upperBound {
                guard bytes[byte: at] == 0x20 else { return false }
                at += 1
            }
        }
        if isGiven { return words >= 2 && words <= 6 }
        return words == 2 && particle == 0 && pinyin.contains(first) && range.count <= 18
    }

    static func isAddress(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        guard (8...160).contains(range.count) else { return false }
        let (end, hash, isCapital) = word(bytes, range.lowerBound, range.upperBound)
        guard isCapital, end + 2 < range.upperBound, streets.contains(hash) else { return false }
        guard bytes[byte: end] == 0x20 || bytes[byte: end] == 0x2E else { return false }
        for at in end..<range.upperBound where bytes[byte: at] &- 48 < 10 { return true }
        return false
    }

    /// The letters from `start` on: where they end, a hash of them without case and marks, and whether they begin with a
    /// capital.
    private static func word(_ bytes: RawSpan, _ start: Int, _ limit: Int) -> (Int, UInt64, Bool) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var at = start
        var isCapital = false
        while at < limit {
            let byte = bytes[byte: at]
            var letter = byte | 32
            if byte == 0xC3, at + 1 < limit {
                let mark = bytes[byte: at + 1]
                if at == start { isCapital = mark < 0xA0 }
                letter = plain(mark | 32)
                at += 1
            } else if byte == 0x27 || byte == 0x2D {
                letter = byte
                if at == start { break }
            } else {
                guard letter &- 0x61 < 26 else { break }
                if at == start { isCapital = byte &- 0x41 < 26 }
            }
            hash = (hash ^ UInt64(letter)) &* 0x0000_0100_0000_01B3
            at += 1
        }
        return (at, hash, isCapital)
    }

    /// The letter without its mark, from the second byte of its UTF-8.
    private static func plain(_ second: UInt8) -> UInt8 {
        switch second {
        case 0xA0...0xA5: 0x61
        case 0xA7: 0x63
        case 0xA8...0xAB: 0x65
        case 0xAC...0xAF: 0x69
        case 0xB1: 0x6E
        case 0xB2...0xB6: 0x6F
        case 0xB9...0xBC: 0x75
        default: second
        }
    }

    private static func hashes(_ text: String) -> Set<UInt64> {
        Set(
            text.utf8.split { $0 == 0x20 || $0 == 0x0A }.map {
                $0.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
            })
    }
}
