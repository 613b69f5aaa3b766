/*
 * hostfile: configuration files of the host on their way from the worker, which reads them, to the import, which understands them.
 *
 * They come in parts, one frame each; parts of the same file follow each other.
 */
#ifndef JN_HOSTFILE_H
#define JN_HOSTFILE_H

#include <stddef.h>
#include <stdint.h>

#include "core/cmd.h"
#include "core/err.h"

#define HOSTFILE_PATH_SIZE 384
#define HOSTFILE_NOTE_SIZE 128
#define HOSTFILE_PART_MAX 12288
/* What a host has at the most; 500 jails of ezjail are 500 files and 2 MiB. */
#define HOSTFILE_SIZE_MAX (1024u * 1024)
#define HOSTFILES_MAX 5000
#define HOSTFILE_NOTES_MAX 500	/* of those that were not read; more are left out */
#define HOSTFILES_SIZE_MAX (8u * 1024 * 1024)

/* Where the files of a format are, in the order in which the system reads them; for root's reader and for the command's own. */
struct hostfile_place {
	unsigned formats;	/* bits, 1 << enum host_format */
	const char *dir, *pattern;	/* one name, or '*' for those that match */
};
extern const struct hostfile_place hostfile_places[];
extern const size_t hostfile_nplaces;

struct hostfile_part {
	char path[HOSTFILE_PATH_SIZE];
	char note[HOSTFILE_NOTE_SIZE];	/* why it was not read, "" = it was */
	uint16_t size;
	uint8_t data[HOSTFILE_PART_MAX];
};

struct hostfile {
	char *path, *note;
	char *text;	/* with a NUL after it */
	size_t size, room;
};

struct hostfiles {
	struct hostfile *v;
	size_t n, room, bytes;
};

/* Appends a part; ERR_PROTO when it is more than a worker ever sends. */
int hostfiles_add(struct hostfiles *f, const struct hostfile_part *p, struct err *err);
/* What it holds; empty afterwards. */
void hostfiles_fini(struct hostfiles *f);

#endif
