import Bytes

/// Chinese characters by what they are in names and addresses.
///
/// A character that is common in its place becomes one that is, and a rare one a rare one, so that the way back is known.
enum HanCharacters {
    enum Place { case surname, given, street }

    /// The hundred most common surnames (Ministry of Public Security, 2020) that have one character.
    private static let surnames = sorted(
        """
        王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范\
        汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常傅康齐施洪樊颜倪俞章鲁葛伍申尤毕聂
        """)

    /// Characters that are common in given names.
    private static let given = sorted(
        """
        伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国文红玉梅志玲飞鑫波斌宇浩凯健俊帆帅旭宁子涵欣怡梓轩思雨\
        晨辉鹏亮琳倩雪婷佳颖慧莉丹萍凤洁琴云莲珍淑荣爱琼翠芬燕香月莹瑞巧美娅环瑾秋珊莎锦黛青瑗琰韵融园艺咏卿聪澜纯毓悦昭冰爽琬茗羽希\
        欢霄枫筠亚宜可姬舒影荔枝丝伊宏贵福生龙元全胜学祥才发武新利清彬富顺信若雄诚先敬震振壮会思群豪心邦承乐绍功松善厚庆民友裕河哲江\
        超浩亮政谦亨奇固之轮翰朗伯言鸣朋斯梁栋维启克伦翔旭鹏泽晨辰士以建家致树炎德行时泰盛冠策腾楠榕风航弘毅茂进毅嘉琦\
        天雅诗梦洁紫萱芷馨语嫣一诺睿博皓奕卓然君昊铭晓东海成立永春仁义礼智忠孝廉耀祖光宗兴昌盛隆长根喜
        """)

    /// The words for kinds of places and houses, which stay in an address.
    private static let fixed = sorted("省市区县州盟旗镇乡村路街道巷弄号楼栋幢室单元层里组屯庄大厦广场东南西北中小花园公寓第一二三四五六七八九十")

    private static let streets = given.filter { !contains(fixed, $0) }
    private static let streetBreaks = sorted(Set(streets + fixed))
    // U+4E00 to U+9FFF are 20,992; every alphabet has a size of its own, by which it is known on the way back.
    private static let all: UInt32 = 0x5200
    private static let base: UInt32 = 0x4E00

    /// The place of a character in the alphabet for where it stands, and that alphabet's size; nil for what stays.
    static func place(_ scalar: UInt32, _ place: Place) -> (UInt32, UInt32)? {
        guard scalar &- base < all else { return nil }
        switch place {
        case .surname: return index(scalar, surnames, surnames)
        case .given: return index(scalar, given, given)
        case .street: return contains(fixed, scalar) ? nil : index(scalar, streets, streetBreaks)
        }
    }

    private static func index(_ scalar: UInt32, _ common: [UInt32], _ left: [UInt32]) -> (UInt32, UInt32) {
        let at = lowerBound(common, scalar)
        if at < common.count && common[at] == scalar { return (UInt32(at), UInt32(common.count)) }
        return (scalar - base - UInt32(lowerBound(left, scalar)), all - UInt32(left.count))
    }

    static func scalar(_ digit: UInt32, of radix: UInt32) -> UInt32 {
        for common in [surnames, given, streets] where radix == UInt32(common.count) { return common[Int(digit)] }
        for left in [surnames, given, streetBreaks] where radix == all - UInt32(left.count) {
            var scalar = base + digit
            for one in left {
                if one > scalar { break }
                scalar += 1
            }
            return scalar
        }
        return base
    }

    /// Whether a text that is nothing else is the name of a person, as far as can be told: a surname and one or two
    /// characters that names are made of.
    static func isName(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount == 6 || bytes.byteCount == 9 else { return false }
        for at in stride(from: 0, to: bytes.byteCount, by: 3) {
            guard let scalar = scalar(bytes, at), contains(at == 0 ? surnames : given, scalar) else { return false }
        }
        return true
    }

    /// Whether a text is an address: a county or city, and a street, house or village.
    static func isAddress(_ bytes: RawSpan) -> Bool {
        guard (18...180).contains(bytes.byteCount) else { return false }
        var hasRegion = false
        var hasStreet = false
        var at = 0
        while at + 2 < bytes.byteCount {
            guard let scalar = scalar(bytes, at) else {
                at += 1
                continue
            }
            switch scalar {
            case 0x7701, 0x5E02, 0x533A, 0x53BF: hasRegion = true  // 省市区县
            case 0x8DEF, 0x8857, 0x5DF7, 0x53F7, 0x5F04, 0x6751, 0x9547: hasStreet = hasRegion  // 路街巷号弄村镇
            default: break
            }
            at += 3
        }
        return hasRegion && hasStreet
    }

    /// Behind the last of 省市区县 that stands within the first sixteen characters.
    static func endOfRegion(_ text: [UInt8]) -> Int {
        var end = 0
        var at = 0
        while at + 2 < text.count, at < 48 {
            guard text[at] &- 0xE4 < 6 else { break }
            let scalar = UInt32(text[at] & 15) << 12 | UInt32(text[at + 1] & 63) << 6 | UInt32(text[at + 2] & 63)
            at += 3
            if [0x7701, 0x5E02, 0x533A, 0x53BF].contains(scalar) { end = at }
        }
        return end
    }

    private static func scalar(_ bytes: RawSpan, _ at: Int) -> UInt32? {
        guard at + 2 < bytes.byteCount, bytes[byte: at] &- 0xE4 < 6, bytes[byte: at + 1] & 0xC0 == 0x80,
            bytes[byte: at + 2] & 0xC0 == 0x80
        else { return nil }
        return UInt32(bytes[byte: at] & 15) << 12 | UInt32(bytes[byte: at + 1] & 63) << 6
            | UInt32(bytes[byte: at + 2] & 63)
    }

    private static func sorted(_ text: String) -> [UInt32] { sorted(Set(text.unicodeScalars.map(\.value))) }
    private static func sorted(_ set: Set<UInt32>) -> [UInt32] { set.filter { $0 > 0x7F }.sorted() }

    private static func contains(_ list: [UInt32], _ scalar: UInt32) -> Bool {
        let at = lowerBound(list, scalar)
        return at < list.count && list[at] == scalar
    }

    private static func lowerBound(_ list: [UInt32], _ scalar: UInt32) -> Int {
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if list[middle] < scalar { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
