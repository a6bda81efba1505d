/// Distances on the earth, without the C library's functions: what they decide is the same everywhere.
enum OracleGeometry {
    /// Along the great circle, on a sphere of 6,371 km. Series are good to a millionth, which is far more than is asked.
    static func kilometres(_ latitude: Double, _ longitude: Double, _ other: Double, _ otherLongitude: Double) -> Double
    {
        let degree = Double.pi / 180
        let a = sine((other - latitude) * degree / 2)
        let b = sine((otherLongitude - longitude) * degree / 2)
        let h = a * a + sine(.pi / 2 - latitude * degree) * sine(.pi / 2 - other * degree) * b * b
        return 2 * 6371 * arcsine(min(1, h.squareRoot()))
    }

    private static func sine(_ x: Double) -> Double {
        let turns = (x / (2 * .pi)).rounded()
        let x = x - turns * 2 * .pi
        var (term, sum) = (x, x)
        for i in 1..<14 {
            term *= -x * x / Double((2 * i) * (2 * i + 1))
            sum += term
        }
        return sum
    }

    private static func arcsine(_ x: Double) -> Double {
        // Towards 1 the series is slow: arcsin x = pi/2 - 2 arcsin sqrt((1 - x) / 2).
        if x > 0.5 { return .pi / 2 - 2 * arcsine(((1 - x) / 2).squareRoot()) }
        var (term, sum) = (x, x)
        for i in 1..<24 {
            term *= x * x * Double(2 * i - 1) / Double(2 * i)
            sum += term / Double(2 * i + 1)
        }
        return sum
    }
}
