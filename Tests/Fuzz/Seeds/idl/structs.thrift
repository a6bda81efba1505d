/** doc */ namespace * a
include "a.thrift"
enum E { A = 0x1, B (x = "y") }
union U { 1: i32 a }
struct S { 1: required list<map<string, E>> a = [{"k": E.A}] (vt.elem.min_size = "1"), i32 b }
