# What there is to do with Tinct. `make deps` first on a new machine; README.md tells the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: all deps deps-test build demo test acceptance pseudonyms test-sanitizers fuzz lint format bench native python idl install clean allocations digests digests-small tables

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
BUILD := $(CURDIR)/.build
NATIVE := $(BUILD)/native
VENV := $(BUILD)/venv
PYTHON := $(VENV)/bin/python
STATIC := $(BUILD)/static
IDL := $(BUILD)/idl
# One set of flags for lint and test, so that the second does not build everything again.
STRICT := --explicit-target-dependency-import-check error -Xswiftc -warnings-as-errors
TEST_ENVIRONMENT = TINCT_PYTHON=$(PYTHON) TINCT_NATIVE=$(NATIVE) TINCT_IDL=$(IDL)

all: build

# Debian packages that are missing are installed, by root or through sudo; what is there is left alone.
deps:
	@.ci/deps.sh "$(SWIFT)" build

deps-test:
	@.ci/deps.sh "$(SWIFT)" build test

build: deps
	$(SWIFT) build -c release --product tinct

demo: build
	@.ci/demo.sh $(BUILD)/release/tinct

lint: deps
	$(SWIFT) format lint --strict --parallel -r Sources Tests Package.swift
	$(SWIFT) build --build-tests $(STRICT)

format:
	$(SWIFT) format format -i --parallel -r Sources Tests Package.swift

# The command that the tests run is the one that is shipped; what they call in their own process is built for debugging.
test: deps-test native python idl allocations digests-small
	$(SWIFT) build --build-tests $(STRICT)
	$(TEST_ENVIRONMENT) TINCT_BINARY=$(BUILD)/release/tinct $(SWIFT) test --skip-build $(STRICT)

# One more request of a replay, as it is shipped, must not allocate, retain or release.
allocations: build
	python3 benchmarks/allocations.py $(BUILD)/release/tinct

# Every shipped scenario, made whole and in shards, by one thread and by two, in other time zones and locales, must give
# the digests in fixtures/synthesis.digests.json. DIGESTS=--update writes them anew, which is a decision to be logged.
DIGESTS ?=
digests: build
	.ci/digests.py $(BUILD)/release/tinct 1000000 $(DIGESTS)

digests-small: build
	.ci/digests.py $(BUILD)/release/tinct 10000 $(DIGESTS)

# The four published tables at full size: the Handbook's over 20 seeds.
tables: build
	.ci/tables.py $(BUILD)/release/tinct

# The servers of other people's making must count 100,000 tagged requests of 100,000, sent by a release build; a million
# exchanges of 10,000 users keep each user's order, and 10,000 flows go through.
acceptance: build deps-test native python idl
	$(SWIFT) build --build-tests $(STRICT)
	env $(TEST_ENVIRONMENT) TINCT_BINARY=$(BUILD)/release/tinct TINCT_ACCEPTANCE_COUNT=100000 \
	  TINCT_ORDER_COUNT=1000000 TINCT_FLOW_COUNT=10000 TINCT_SIGNED_COUNT=10000 \
	  TINCT_PERSON_COUNT=2000 TINCT_PROFILED_COUNT=240000 \
	  $(SWIFT) test --skip-build $(STRICT) --filter EndToEndTests
	env $(TEST_ENVIRONMENT) TINCT_IDENTIFIER_COUNT=1000000 \
	  $(SWIFT) test --skip-build $(STRICT) --filter IdentifierTests
	env $(TEST_ENVIRONMENT) TINCT_VALIDATED_COUNT=1000000 $(SWIFT) test --skip-build $(STRICT) --filter ValidatorTests
	env $(TEST_ENVIRONMENT) TINCT_ROUND_TRIP_COUNT=20000 $(SWIFT) test --skip-build $(STRICT) --filter everyScenario

# Ten million values of each class, there and back: an hour or so, and 8 GiB of memory.
pseudonyms: build deps-test
	$(SWIFT) build -c release --build-tests -Xswiftc -enable-testing
	env TINCT_PSEUDONYM_COUNT=10000000 \
	  $(SWIFT) test -c release --skip-build -Xswiftc -enable-testing --filter distinctValuesHaveDistinctPseudonyms

# Each fuzz target for FUZZ_SECONDS under libFuzzer and AddressSanitizer.
FUZZ_SECONDS ?= 600
fuzz: deps
	@.ci/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_TARGETS)

# Each sanitizer builds in a place of its own. TSan's shadow memory does not fit the widest address randomisation, so
# the tests run without any; the peers are not needed here twice, their tests are skipped by name.
test-sanitizers: deps-test python
	$(SWIFT) build --build-tests --sanitize address --scratch-path $(BUILD)/asan
	env TINCT_PYTHON=$(PYTHON) ASAN_OPTIONS=detect_leaks=0 TINCT_SANITIZER=address \
	  $(SWIFT) test --skip-build --sanitize address --scratch-path $(BUILD)/asan
	$(SWIFT) build --build-tests --sanitize thread --scratch-path $(BUILD)/tsan
	env TINCT_PYTHON=$(PYTHON) TSAN_OPTIONS=halt_on_error=1 TINCT_SANITIZER=thread \
	  setarch -R $(SWIFT) test --skip-build --sanitize thread --scratch-path $(BUILD)/tsan
	@.ci/fuzz.sh 60

# Beside the programs in TINCT_PEERS, which are built first, with their captures (as root, about 800 MB).
bench: build
	@[ -n "$${TINCT_PEERS:-}" ] || { echo "make bench measures beside other programs: set TINCT_PEERS to their folder" >&2; exit 2; }
	$(MAKE) -C "$$TINCT_PEERS" BUILD=$(BUILD)/peers all
	[ -e $(BUILD)/peers/thrift.pcap ] || $(MAKE) -C "$$TINCT_PEERS" BUILD=$(BUILD)/peers captures
	python3 benchmarks/run.py $(BUILD)/release/tinct "$$TINCT_PEERS" $(BUILD)/peers

# Servers and clients of other people's making that the tests speak to.
native:
	@$(MAKE) --no-print-directory -C Tests/EndToEndTests/Native BUILD=$(NATIVE)

python: $(VENV)/.complete

$(VENV)/.complete: Tests/requirements.txt
	@.ci/venv.sh $(VENV) Tests/requirements.txt
	@touch $@

# Thrift IDLs of other people's making.
idl: $(IDL)/.complete

$(IDL)/.complete: Tests/idl-packages.txt $(VENV)/.complete
	@.ci/idl.sh $(IDL) Tests/idl-packages.txt $(PYTHON)
	@touch $@

# A binary that needs neither the Swift toolchain nor the -dev packages: Swift's library, zstd, yaml, zlib, brotli and
# libdeflate are linked in; libcrypto, libpcap, libstdc++ and libc are the system's.
install: deps
	@.ci/static-libraries.sh $(STATIC)
	PKG_CONFIG_PATH=$(STATIC) $(SWIFT) build -c release --product tinct --static-swift-stdlib --scratch-path $(BUILD)/install
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/tinct/schemas
	install -s -m 755 $(BUILD)/install/release/tinct $(DESTDIR)$(PREFIX)/bin/tinct
	cp -R schemas/. $(DESTDIR)$(PREFIX)/share/tinct/schemas/
	@.ci/install-check.sh $(DESTDIR)$(PREFIX)/bin/tinct

clean:
	rm -rf $(BUILD)
