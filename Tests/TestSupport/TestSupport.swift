/// What tests share: other people's programs as processes, servers and Python, files of their own, and the places that
/// come from the environment.
///
/// | variable | what it leads to | when it is not set |
/// |---|---|---|
/// | `TINCT_PYTHON` | an interpreter with the libraries of Tests/requirements.txt | those tests are skipped by name |
/// | `TINCT_NATIVE` | programs and generated code of Tests/EndToEndTests/Native | skipped by name |
/// | `TINCT_CAPTURES` | a folder of captures with independently made truth | skipped by name |
/// | `TINCT_PEERS` | a folder of programs to measure beside | skipped by name |
/// | `TINCT_IDL` | Thrift IDLs of other people's making (`make idl`) | skipped by name |
/// | `TINCT_BINARY` | the `tinct` to test | the one that was built with the tests |
///
/// `make test` sets `TINCT_PYTHON`, `TINCT_NATIVE` and `TINCT_IDL`. A variable that is set and leads nowhere is a failure, never a skip.
package enum TestSupport {}
