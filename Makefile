# Builds with GNU make (>= 4.0) and FreeBSD make.  No conditionals: everything that differs by system is a variable with
# the system's name in it.  Everything made lands in build/.
OS != uname -s | tr A-Z a-z

CC = cc
B = build
OPT = -O2 -g
SAN =
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wswitch -Werror
DEFS_linux = -D_GNU_SOURCE
DEFS_freebsd = -I/usr/local/include
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2
ALL_CFLAGS = -std=c11 $(OPT) $(WARN) $(HARDEN) $(SAN) $(DEFS_$(OS)) -I. -MMD -pthread $(CFLAGS)
LDFLAGS_freebsd = -L/usr/local/lib

LIBS_worker_linux = -lmnl
LIBS_worker_freebsd = -ljail -lnetgraph
LIBS_server = -lmicrohttpd -ljansson -lsqlite3 -lsodium
LIBS_cli = -lcurl -ljansson

GEN_store = $(B)/store_migrations.o
GEN_api = $(B)/api_openapi.o
MIGRATIONS != ls store/migrate/*.sql

SRC_core != ls core/*.c
SRC_store != ls store/*.c
SRC_api != ls api/*.c
SRC_server != ls server/*.c
SRC_worker != ls worker/*.c
SRC_driver != ls worker/$(OS)/*.c
SRC_cli != ls cli/*.c

OBJ_core = $(SRC_core:%.c=$(B)/%.o)
OBJ_store = $(SRC_store:%.c=$(B)/%.o)
OBJ_api = $(SRC_api:%.c=$(B)/%.o)
OBJ_server = $(SRC_server:%.c=$(B)/%.o)
OBJ_worker = $(SRC_worker:%.c=$(B)/%.o)
OBJ_driver = $(SRC_driver:%.c=$(B)/%.o)
OBJ_cli = $(SRC_cli:%.c=$(B)/%.o)

all: $(B)/jailnetd $(B)/jailnetd-server $(B)/jailnet

$(B)/jailnetd: $(OBJ_worker) $(OBJ_driver) $(OBJ_core)
	$(CC) $(SAN) $(LDFLAGS) -o $@ $(OBJ_worker) $(OBJ_driver) $(OBJ_core) $(LIBS_worker_$(OS))
$(B)/jailnetd-server: $(OBJ_server) $(OBJ_api) $(GEN_api) $(OBJ_store) $(GEN_store) $(OBJ_core)
	$(CC) $(SAN) -pthread $(LDFLAGS) -o $@ $(OBJ_server) $(OBJ_api) $(GEN_api) $(OBJ_store) $(GEN_store) $(OBJ_core) $(LIBS_server)
$(B)/jailnet: $(OBJ_cli) $(OBJ_core)
	$(CC) $(SAN) $(LDFLAGS) -o $@ $(OBJ_cli) $(OBJ_core) $(LIBS_cli)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/store_migrations.c: $(MIGRATIONS) tools/embed.py
	@mkdir -p $(@D)
	python3 tools/embed.py -a store_migrations $(MIGRATIONS) >$@.tmp && mv $@.tmp $@
$(B)/api_openapi.c: openapi/openapi.yaml tools/embed.py
	@mkdir -p $(@D)
	/usr/bin/env python3 tools/embed.py api_openapi_json openapi/openapi.yaml >$@.tmp && mv $@.tmp $@
$(GEN_store) $(GEN_api): $(B)/%.o: $(B)/%.c
	$(CC) $(ALL_CFLAGS) -Wno-overlength-strings -c -o $@ $<

clean:
	rm -rf $(B)

.PHONY: all clean
