exception X { 1: string m }
service P { void a() }
service S extends P { oneway void f(1: i32 a (vt.gt = "1")), string g(1: string s (vt.pattern = "^a+$")) throws (1: X x) }
