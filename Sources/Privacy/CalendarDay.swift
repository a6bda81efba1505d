/// Days of a year of the Gregorian calendar.
enum CalendarDay {
    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365]

    private static func daysBefore(_ month: Int, _ year: Int) -> Int {
        before[month - 1] + (month > 2 && isLeap(year) ? 1 : 0)
    }

    /// From 0; nil for a date that is none.
    static func index(year: Int, month: Int, day: Int) -> Int? {
        guard (1...12).contains(month), day >= 1 else { return nil }
        let index = daysBefore(month, year) + day - 1
        return index < daysBefore(month + 1, year) ? index : nil
    }

    static func monthAndDay(_ index: Int, year: Int) -> (month: Int, day: Int) {
        var month = 1
        while month < 12 && index >= daysBefore(month + 1, year) { month += 1 }
        return (month, index - daysBefore(month, year) + 1)
    }
}
