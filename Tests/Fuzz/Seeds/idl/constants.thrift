const i32 A = 5
const map<string, list<double>> M = {"a": [1, 2.5e3], 'b': []}
typedef M2 N
typedef map<i32, string> M2
senum T { "a" "b" }
struct D { 1: D d 2: N n = {1: "x"} 3: T t }
