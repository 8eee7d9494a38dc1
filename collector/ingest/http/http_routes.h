/*
 * http_routes - which requests are whose to handle
 *
 * A table for each protocol of listeners that speaks HTTP; the first row that fits counts. In a
 * path '*' is any segment that is not empty; letters are as they stand there, but for WEF; a
 * '/' at the end does not matter; "**" at the end is everything below.
 *
 * Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_HTTP_ROUTES_H
#define COLLECTOR_INGEST_HTTP_ROUTES_H

#include "collector/ingest/http/http_exchange.h"

struct http_route {
	unsigned methods; /* enum http_method, any of them */
	const char *path;
	const struct http_handler *handler;
};

struct http_found {
	const struct http_handler *handler; /* NULL: see `methods` */
	unsigned methods;                   /* that the path has; 0 = there is no such path */
};

struct http_found http_route_find(
	enum listener_protocol protocol, enum http_method method, struct slice path);

/* Handlers, each in its own file. */
extern const struct http_handler http_lines, http_document, http_bulk;
extern const struct http_handler elastic_root, elastic_license, elastic_xpack, elastic_health,
	elastic_setup;
extern const struct http_handler wef_questions, wef_deliveries;

#endif
