# Builds with GNU make (>= 4.0) and FreeBSD make.  No conditionals: what differs by system is a variable with the system's name
# in it.  Everything made lands in $(B).  `make help` lists the targets.
OS != uname -s | tr A-Z a-z

B = build
CC = cc
OPT = -O2 -g
SAN =
PREFIX = /usr/local
PYTHON_linux = /usr/bin/python3
PYTHON_freebsd = python3
PYTHON = $(PYTHON_$(OS))

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wswitch -Werror
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2
DEFS_linux = -D_GNU_SOURCE
DEFS_freebsd = -I/usr/local/include
ALL_CFLAGS = -std=c11 $(OPT) $(WARN) $(HARDEN) $(SAN) $(DEFS_$(OS)) -I. -MMD -pthread $(CFLAGS)
LD_freebsd = -L/usr/local/lib
LINK = $(CC) $(SAN) -pthread $(LD_$(OS)) $(LDFLAGS)

LIBS_worker_linux = -lmnl
LIBS_worker_freebsd = -ljail -lnetgraph
LIBS_confine_linux = -lseccomp
LIBS_server = -lmicrohttpd -ljansson -lsqlite3 -lsodium -lgnutls $(LIBS_confine_$(OS))
LIBS_cli = -lcurl -ljansson -lsodium
LIBS_bench_linux = -lmicrohttpd -lgnutls
LIBS_bench_freebsd =
LIBS_test = $(LIBS_server) $(LIBS_worker_$(OS)) -lcmocka

MADE_RULES != mkdir -p $(B) && for r in rules tests; do sh tools/$$r.sh $(B) $(OS) >$(B)/$$r.mk.$$$$ && mv $(B)/$$r.mk.$$$$ $(B)/$$r.mk; done && echo yes
MIGRATIONS != ls store/migrate/*.sql
SRC_core != ls core/*.c
SRC_convert != ls convert/*.c
SRC_store != ls store/*.c
SRC_api != ls api/*.c
SRC_server != ls server/*.c server/$(OS)/*.c
SRC_worker != ls worker/*.c | grep -vE "(probe|command)\.c"
# The sandbox works without the driver: over the fake kernel too.
SANDBOX_linux = sandbox
SANDBOX_freebsd = sandbox|kld|lo|ioctl
SRC_driver != ls worker/$(OS)/*.c | grep -vE "_($(SANDBOX_$(OS)))\.c"
SRC_sandbox != ls worker/$(OS)/*.c | grep -E "_($(SANDBOX_$(OS)))\.c"
SRC_www != find www openapi/examples -type f -not -path '*/node_modules*' -not -name schema.ts
SRC_cli != ls cli/*.c cli/$(OS)/*.c
SRC_fake != ls tests/fake/fake_[!s]*.c

OBJ_core = $(SRC_core:%.c=$(B)/%.o)
OBJ_convert = $(SRC_convert:%.c=$(B)/%.o)
OBJ_store = $(SRC_store:%.c=$(B)/%.o) $(B)/store_migrations.o
OBJ_api = $(SRC_api:%.c=$(B)/%.o) $(B)/api_openapi.o
OBJ_server = $(SRC_server:%.c=$(B)/%.o)
OBJ_sandbox = $(SRC_sandbox:%.c=$(B)/%.o)
OBJ_worker = $(SRC_worker:%.c=$(B)/%.o) $(OBJ_sandbox)
OBJ_driver = $(SRC_driver:%.c=$(B)/%.o) $(B)/worker/probe.o $(B)/worker/command.o
OBJ_cli = $(SRC_cli:%.c=$(B)/%.o)
OBJ_fake = $(SRC_fake:%.c=$(B)/%.o)

PROGRAMS = $(B)/jailnetd $(B)/jailnetd-server $(B)/jailnet

all: $(PROGRAMS) $(B)/www.stamp

include $(B)/rules.mk
include $(B)/tests.mk

$(B)/jailnetd: $(OBJ_worker) $(OBJ_driver) $(OBJ_core)
	$(LINK) -o $@ $(OBJ_worker) $(OBJ_driver) $(OBJ_core) $(LIBS_worker_$(OS))
$(B)/jailnetd-server: $(OBJ_server) $(OBJ_api) $(OBJ_store) $(OBJ_convert) $(OBJ_core)
	$(LINK) -o $@ $(OBJ_server) $(OBJ_api) $(OBJ_store) $(OBJ_convert) $(OBJ_core) $(LIBS_server)
$(B)/jailnet: $(OBJ_cli) $(OBJ_core)
	$(LINK) -o $@ $(OBJ_cli) $(OBJ_core) $(LIBS_cli)
# The same worker over the kernel in memory: whole-system tests without any rights.
$(B)/jailnetd-fake: $(OBJ_worker) $(OBJ_fake) $(OBJ_core)
	$(LINK) -o $@ $(OBJ_worker) $(OBJ_fake) $(OBJ_core)

$(B)/store_migrations.c: $(MIGRATIONS) tools/embed.py
	$(PYTHON) tools/embed.py -a store_migrations $(MIGRATIONS) >$@.tmp && mv $@.tmp $@
$(B)/store_migrations.o: $(B)/store_migrations.c
	$(CC) $(ALL_CFLAGS) -Wno-overlength-strings -c -o $@ $(B)/store_migrations.c
$(B)/api_openapi.c: openapi/openapi.yaml tools/embed.py
	$(PYTHON) tools/embed.py api_openapi_json openapi/openapi.yaml >$@.tmp && mv $@.tmp $@
$(B)/api_openapi.o: $(B)/api_openapi.c
	$(CC) $(ALL_CFLAGS) -Wno-overlength-strings -c -o $@ $(B)/api_openapi.c

# The dashboard: built when Node.js, npm and its registry are there, else left out with a word.
$(B)/www.stamp: $(SRC_www) tools/www.sh
	@sh tools/www.sh $(B)
www:
	@sh tools/www.sh $(B) must

# --- tests ---------------------------------------------------------------------------------------------------------

# Everything but the two main() of the daemons, for the unit tests to link with.
$(B)/libtest.a: $(OBJ_core) $(OBJ_convert) $(OBJ_store) $(OBJ_api) $(OBJ_server) $(OBJ_worker) $(OBJ_fake)
	rm -f $@
	ar rc $@ $$(echo $(OBJ_core) $(OBJ_convert) $(OBJ_store) $(OBJ_api) $(OBJ_server) $(OBJ_worker) $(OBJ_fake) | tr ' ' '\n' | grep -v _main.o)

# For the tests of the real driver: what the program takes of it, and no main().
$(B)/libworker.a: $(OBJ_worker)
	rm -f $@
	ar rc $@ $$(echo $(OBJ_worker) | tr ' ' '\n' | grep -v _main.o)

# The driver's fuzzer brings some of its files itself: an archive gives only the rest.
$(B)/libdriver.a: $(OBJ_driver) $(OBJ_sandbox) $(OBJ_core)
	rm -f $@
	ar rc $@ $(OBJ_driver) $(OBJ_sandbox) $(OBJ_core)

tests: $(TESTS) $(B)/jailnetd-fake

deps:
	@sh tests/demo/deps.sh check
deps-ci:
	@sh tests/demo/deps.sh ci

demo:
	@sh tests/demo/deps.sh demo
	@$(MAKE) -s all
	@sh tests/demo/demo.sh
demo-stop:
	@sh tests/demo/demo.sh stop

check: deps
	@sh tests/check.sh "$(MAKE)" "$(B)" "$(PYTHON)"

# What of it needs no Python.
check-c:
	@sh tests/check.sh "$(MAKE)" "$(B)"

# The stories, and what is killed and damaged, with two threads watched.
tsan: deps
	@$(MAKE) -s B=$(B)/tsan OPT="-O1 -g" HARDEN= WARN=-Wall SAN="-fsanitize=thread" all tests
	@JAILNET_BUILD_DIR=$(B)/tsan PYTHONPATH=tests/lib $(PYTHON) -m pytest -q -p no:cacheprovider tests/scenario tests/api/test_raw.py \
	    tests/fault/test_damage.py tests/fault/test_kill.py tests/fault/test_storm.py

valgrind: deps-ci
	@$(MAKE) -s all tests
	@sh tests/valgrind.sh "$(B)"

# The same tests, every allocation and access watched.
asan: deps
	@$(MAKE) B=$(B)/asan OPT="-O1 -g" HARDEN= WARN=-Wall SAN="-fsanitize=address,undefined -fno-omit-frame-pointer" check-built
check-built:
	@sh tests/check.sh "$(MAKE)" "$(B)" "$(PYTHON)"

# libFuzzer, T seconds each: make fuzz-run T=60 FUZZ="wire json"
T = 60
FUZZ =
FUZZ_MAIN = $(B)/tests/fuzz/replay.o
FUZZ_LINK =
fuzz-run: deps-ci
	@$(MAKE) -s B=$(B)/fuzz CC=clang OPT="-O1 -g" HARDEN= WARN=-Wall FUZZ_MAIN= FUZZ_LINK=-fsanitize=fuzzer \
	    SAN="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined -fno-omit-frame-pointer" fuzz-built
	@sh tests/fuzz/run.sh $(B)/fuzz $(T) $(FUZZ)
fuzz-built: $(FUZZERS)

# schemathesis (PyPI, pinned with hashes) against the daemon; npm lints the document.
check-contract: deps-ci all $(B)/jailnetd-fake
	@sh tests/contract/lint.sh "$(B)"
	@sh tests/contract/run.sh "$(B)" "$(PYTHON)" $(CONTRACT)
CONTRACT =

BENCH_linux = $(PYTHON) tests/bench/bench.py
BENCH_freebsd = sh tests/bench/freebsd/bench.sh $(B)
BENCH_QUICK_linux = --quick
BENCH_QUICK_freebsd = 10 1
bench: deps-ci all $(BENCHES_$(OS))
	@$(BENCH_$(OS))
bench-quick: deps-ci all $(BENCHES_$(OS))
	@$(BENCH_$(OS)) $(BENCH_QUICK_$(OS))

# The dashboard in Chromium; needs npm and PyPI.
check-www:
	@sh tests/demo/deps.sh www
	@$(MAKE) -s all www $(B)/jailnetd-fake
	@sh tests/www/check.sh "$(B)"
# The pictures of README, from those that check-www left.
screenshots:
	@cp $(B)/screenshots/figure-3.png docs/screenshots/topology.png
	@cp $(B)/screenshots/plan.png docs/screenshots/plan.png
	@cp $(B)/screenshots/actual.png docs/screenshots/drift.png

lint: deps-ci
	@$(MAKE) -s all
	@sh tests/lint.sh "$(B)"
# Every source of the FreeBSD build, compiled and linked on Linux.
check-freebsd:
	@sh tests/demo/deps.sh ci
	@sh tests/freebsd/check.sh "$(MAKE)" "$(B)" "$(PYTHON_linux)"
objects: $(OBJ_core) $(OBJ_store) $(OBJ_api) $(OBJ_server) $(OBJ_worker) $(OBJ_driver) $(OBJ_cli)
# On FreeBSD, as root: all of tests/kernel/freebsd; NAMES="ports dad" for some of it.
check-freebsd-kernel: all tests
	@sh tests/kernel/freebsd/all.sh "$(B)" $(NAMES)
NAMES =
# On FreeBSD, as root: jails that live, stop and die on the real kernel, and how long 50 of them take; epairs that go.
TESTS_jails = $(B)/tests/kernel/freebsd/test_jails $(B)/tests/kernel/freebsd/test_gone
check-jails: $(TESTS_jails)
	@for t in $(TESTS_jails); do $$t || exit; done
# The other make reads the same file.
check-bmake:
	@sh tests/demo/deps.sh ci
	@bmake -s B=$(B)/bmake all && ls $(B)/bmake/jailnetd $(B)/bmake/jailnetd-server $(B)/bmake/jailnet

MANDIR = $(PREFIX)/share/man
install: all install-$(OS)
	mkdir -p $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	install -m 0644 docs/man/jailnetd.conf.5 $(DESTDIR)$(MANDIR)/man5/
	install -m 0644 docs/man/jailnetd.8 docs/man/jailnet.8 $(DESTDIR)$(MANDIR)/man8/
	install -m 0755 $(B)/jailnetd $(B)/jailnetd-server $(DESTDIR)$(PREFIX)/sbin/
	install -m 0755 $(B)/jailnet $(DESTDIR)$(PREFIX)/bin/
	[ -e $(DESTDIR)$(PREFIX)/sbin/jib ] || ln -s ../bin/jailnet $(DESTDIR)$(PREFIX)/sbin/jib
	if [ -f $(B)/www/manifest ]; then mkdir -p $(DESTDIR)$(PREFIX)/share/jailnet/www && \
	    install -m 0644 $(B)/www/* $(DESTDIR)$(PREFIX)/share/jailnet/www/; fi
install-freebsd:
	mkdir -p $(DESTDIR)$(PREFIX)/etc/rc.d
	sed 's,%%PREFIX%%,$(PREFIX),' rc.d/jailnetd >$(DESTDIR)$(PREFIX)/etc/rc.d/jailnetd && chmod 0555 $(DESTDIR)$(PREFIX)/etc/rc.d/jailnetd
install-linux:
	mkdir -p $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's,/usr/local,$(PREFIX),' docs/packaging/linux/jailnetd.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/jailnetd.service
.PHONY: check-freebsd-kernel check-jails install-freebsd install-linux

clean:
	rm -rf $(B)

help:
	@echo "all www check-www screenshots demo demo-stop check check-c asan tsan valgrind check-contract fuzz-run bench bench-quick lint check-freebsd check-freebsd-kernel check-bmake install clean"

.PHONY: check-contract check-www screenshots www all tests deps deps-ci demo demo-stop check check-c check-built asan tsan valgrind fuzz-run fuzz-built bench bench-quick lint check-freebsd objects check-bmake install clean help
