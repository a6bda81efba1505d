/// Files that are beside a scenario, or are fitted to traffic, and then edited.
extension MalformedScenarios {
    static let profiles: [MalformedScenario] = [
        .init(profile: ", 315]", "]", "9:11: expected 24 weights, not all 0, found a list"),
        .init(profile: "0.92]", "0.92, 1]", "10:14: expected 7 weights, not all 0, found a list"),
        .init(profile: "span: 1209188s", "span: 1209188", "8:9: not a duration"),
        .init(profile: "start: 2026-09-20T16:00:00.000000000Z", "start: 20.09.2026", "7:10: not a time"),
        .init(profile: "1: 16730", "0.9: 16730", "16:58: the key '0.9' stands here a second time"),
        .init(profile: "0.5: 102, 0.9: 398", "0.5: 398, 0.9: 102", "16:29: quantiles rise from probability 0 to 1"),
        .init(profile: "1: 16730}}", "1: 16730}, even: often}", "16:75: expected true or false, found a string"),
        .init(profile: "weight: activity", "weight: activty", "14:13: there is no attribute of 'merchant' 'activty'"),
        .init(
            profile: "[[1], [-0.06, 1]]", "[[1, -0.06], [-0.06, 1]]",
            "25:13: row 1 has the correlations with the values before it, and 1"),
        .init(profile: "[-0.06, 1]", "[-1.06, 1]", "25:19: a correlation lies between -1 and 1"),
        .init(profile: "of: [\"m\", \"d\"]", "of: [\"m\", \"dd\"]", "24:15: there is no value 'dd'"),
        .init(profile: "from: merchant.scene", "from: merchant.scen", "30:13: there is no value 'merchant.scen'"),
        .init(profile: "80}, decimals: 2}", "80}}", "29:22: 0.5 is not a number with at most 0 decimals"),
        .init(profile: "birthDate: _birth}", "birthDate: birth}", "31:42: there is no value 'birth'"),
        .init(profile: "present: 40%", "present: 40", "32:46: not a share"),
        .init(profile: "{true: 7, false: 1}", "{yes: 7, no: 1}", "32:3: the schema wants true or false here"),
        .init(profile: "to: 2007-12-31", "to: 1907-12-31", "20:18: the date ends before it begins"),
        .init(profile: "digits: 8", "digit: 8", "18:42: 'digit' is not a key of"),
        .init(profile: "count: 972", "count: 97.2", "13:12: expected a count, found a decimal number"),
        .init(profile: "operation: \"S.a\"", "operation: \"S.aa\"", "4:12: the schema has no operation 'S.aa'"),
        .init(profile: "encoding: binary", "encoding: avro", "5:36: 'avro' is not an encoding"),
        .init(profile: "  span:", "\tspan:", "8:1: found a tab character that violates indentation"),
        .init(profile: "recorded.mcap\"", "recorded.mcap", "3:10: did not find expected key"),
        .init(profile: "  merchant:\n", "  merchant\n", "13:10: mapping values are not allowed in this context"),
        .init(profile: "{constant: \"40000000\"}", "{constant: \"40000000\"", "22:1: did not find expected ',' or '}'"),
    ]

    static let packs: [MalformedScenario] = [
        .init(pack: "pack/1", "pack/2", "1:8: 'pack/2' is not a kind of file"),
        .init(pack: "version: 2", "version: 0", "3:10: 0 is out of range"),
        .init(pack: "version: 2\n", "", "1:1: the pack needs 'version'"),
        .init(pack: "lists:", "list:", "5:1: 'list' is not a key of the pack"),
        .init(pack: "{Lima: 12, Quito: 3.5, Bogotá: 8}", "{}", "6:9: expected at least one weight, found a mapping"),
        .init(pack: "Quito: 3.5", "Quito: -1", "6:27: a weight must be above 0"),
        .init(pack: "Quito: 3.5", "Lima: 3", "6:20: the key 'Lima' stands here a second time"),
        .init(pack: "Quito: 3.5", "Quito: many", "6:27: expected a weight, found a string"),
        .init(pack: "[Calle Real, Avenida Norte]", "[]", "7:11: expected at least one value, found a list"),
        .init(pack: "[Calle Real, Avenida Norte]", "[Calle Real, {a: b}]", "7:24: expected a string, found a mapping"),
        .init(pack: "[Calle Real, Avenida Norte]", "Calle Real", "7:11: expected weights by value, found a string"),
        .init(
            pack: "[Calle Real, Avenida Norte]", "[Calle Real, Avenida Norte", "8:1: did not find expected ',' or ']'"),
        .init(pack: "name: places", "name: [places]", "2:7: expected a string, found a list"),
    ]
}
