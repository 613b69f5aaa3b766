/*
 * http_www: the dashboard's files.
 *
 * The build writes a manifest, one line a file: "PATH TYPE ETAG CODING FILE" (tools/www_pack.mjs).  At start every file is opened and becomes
 * a ready answer in a table; a request is looked up in that table and never becomes the name of a file.
 */
#ifndef JN_HTTP_WWW_H
#define JN_HTTP_WWW_H

#include <microhttpd.h>

#include "core/err.h"

struct http_www;

/* dir_fd: the directory of the manifest, borrowed. */
int http_www_open(int dir_fd, struct http_www **out, struct err *err);
void http_www_close(struct http_www *w);	/* NULL is fine */

/* True: target is the dashboard's and *rc is what MHD wants to hear.  w NULL: a page at "/" that says how to build the dashboard. */
bool http_www_reply(const struct http_www *w, struct MHD_Connection *conn, const char *target, enum MHD_Result *rc);

#endif
