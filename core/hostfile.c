/*
 * hostfile: see the header.
 */
#include "core/hostfile.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#define EZJAIL (1u << HOST_EZJAIL)
#define JAIL_CONF (1u << HOST_JAIL_CONF)
#define ANY (EZJAIL | JAIL_CONF | 1u << HOST_RC_CONF)

/* In the order in which the system reads them: later ones override.  Every format needs the host's own interfaces and routes. */
const struct hostfile_place hostfile_places[] = {
	{ ANY, "/etc", "rc.conf" },
	{ ANY, "/etc", "rc.conf.local" },
	{ ANY, "/etc/rc.conf.d", "*" },
	{ ANY, "/usr/local/etc/rc.conf.d", "*" },
	{ JAIL_CONF, "/etc", "jail.conf" },
	{ JAIL_CONF, "/etc/jail.conf.d", "*.conf" },
	{ JAIL_CONF, "/etc", "jail.*.conf" },
	{ EZJAIL, "/usr/local/etc", "ezjail.conf" },
	{ EZJAIL, "/usr/local/etc/ezjail", "*" },
};
const size_t hostfile_nplaces = NELEMS(hostfile_places);

static struct hostfile *
file_new(struct hostfiles *f, const char *path, const char *note, struct err *err)
{
	struct hostfile *file, *grown;
	size_t room;

	if (f->v == NULL || f->n == f->room) {
		room = f->room == 0 ? 16 : f->room * 2;
		grown = realloc(f->v, room * sizeof(*grown));
		if (grown == NULL) {
			err_nomem(err);
			return (NULL);
		}
		f->v = grown;
		f->room = room;
	}
	file = &f->v[f->n];
	*file = (struct hostfile){ .path = strdup(path), .note = strdup(note), .text = calloc(1, 1) };
	if (file->path == NULL || file->note == NULL || file->text == NULL) {
		free(file->path);
		free(file->note);
		free(file->text);
		err_nomem(err);
		return (NULL);
	}
	f->n++;
	return (file);
}

static int
file_append(struct hostfile *file, const struct hostfile_part *p, struct err *err)
{
	size_t wanted = file->size + p->size + 1;
	char *grown;

	if (wanted > file->room) {
		grown = realloc(file->text, wanted * 2);
		if (grown == NULL)
			return (err_nomem(err));
		file->text = grown;
		file->room = wanted * 2;
	}
	memcpy(file->text + file->size, p->data, p->size);
	file->size += p->size;
	file->text[file->size] = '\0';
	return (0);
}

/* It could not be read to its end: half a file says something else. */
static int
give_up(struct hostfiles *f, struct hostfile *file, const char *why)
{
	char *note = strdup(why);

	if (note == NULL)
		return (-1);
	free(file->note);
	file->note = note;
	f->bytes -= file->size;
	file->size = 0;
	return (0);
}

int
hostfiles_add(struct hostfiles *f, const struct hostfile_part *p, struct err *err)
{
	struct hostfile *file = f->n > 0 ? &f->v[f->n - 1] : NULL;
	char path[HOSTFILE_PATH_SIZE], note[HOSTFILE_NOTE_SIZE];

	if (p->path[0] != '/' || f->bytes + p->size > HOSTFILES_SIZE_MAX)
		return (err_set(err, ERR_PROTO, "more or other files than a host can have"));
	/* names of files are any bytes */
	memcpy(path, p->path, sizeof(path));
	memcpy(note, p->note, sizeof(note));
	str_clean(path);
	str_clean(note);
	if (file == NULL || file->note[0] != '\0' || strcmp(file->path, path) != 0) {
		if (f->n >= HOSTFILES_MAX + HOSTFILE_NOTES_MAX)
			return (err_set(err, ERR_PROTO, "more than %d files", HOSTFILES_MAX));
		file = file_new(f, path, note, err);
	} else if (note[0] != '\0' && give_up(f, file, note) == -1)
		return (err_nomem(err));
	if (file == NULL || file_append(file, p, err) == -1)
		return (-1);
	f->bytes += p->size;
	return (0);
}

void
hostfiles_fini(struct hostfiles *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].path);
		free(f->v[i].note);
		free(f->v[i].text);
	}
	free(f->v);
	*f = (struct hostfiles){ .n = 0 };
}
