/*
 * hostfile: see the header.
 */
#include "core/hostfile.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

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
