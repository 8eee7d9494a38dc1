#include "collector/ingest/http/http_routes.h"

#define ASKED (HTTP_GET | HTTP_HEAD)

static const struct http_route routes_of_http[] = {
	{HTTP_POST | HTTP_PUT, "/", &http_lines},
	{HTTP_POST | HTTP_PUT, "/ingest", &http_lines},
	{HTTP_POST | HTTP_PUT, "/_bulk", &http_bulk},
	{HTTP_POST | HTTP_PUT, "/*/_bulk", &http_bulk},
	{HTTP_POST | HTTP_PUT, "/*/*/_bulk", &http_bulk},
	{HTTP_POST | HTTP_PUT, "/*/_doc", &http_document},
	{HTTP_POST | HTTP_PUT, "/*/_doc/*", &http_document},
	{HTTP_POST | HTTP_PUT, "/*/_create/*", &http_document},
	{ASKED, "/", &elastic_root},
	{ASKED, "/ingest", &elastic_health},
	{HTTP_GET, "/_license", &elastic_license},
	{HTTP_GET, "/_xpack", &elastic_xpack},
	{ASKED, "/_cluster/health", &elastic_health},
	{ASKED, "/_cat/health", &elastic_health},
	{ASKED | HTTP_PUT | HTTP_POST, "/_template/*", &elastic_setup},
	{ASKED | HTTP_PUT | HTTP_POST, "/_index_template/*", &elastic_setup},
	{ASKED | HTTP_PUT | HTTP_POST, "/_component_template/*", &elastic_setup},
	{ASKED | HTTP_PUT, "/_data_stream/*", &elastic_setup},
	{ASKED | HTTP_PUT, "/_ilm/policy/*", &elastic_setup},
	{ASKED | HTTP_PUT, "/_ingest/pipeline/*", &elastic_setup},
	{ASKED, "/_alias/*", &elastic_setup},
	{0},
};

static const struct http_route routes_of_wef[] = {
	{HTTP_POST, "/wsman/SubscriptionManager/WEC", &wef_questions},
	{HTTP_POST, "/wsman/subscriptions/*", &wef_deliveries},
	{0},
};

static const struct http_route *const tables[] = {
	[PROTOCOL_WEF] = routes_of_wef,
	[PROTOCOL_HTTP] = routes_of_http,
};

/* Of Windows the letters' case is no matter: the path is typed by hand into a policy there. */
static bool is_segment(
	enum listener_protocol protocol, struct slice wanted, struct slice segment)
{
	if (slice_eq(wanted, SLICE_LIT("*")))
		return segment.len > 0;
	return protocol == PROTOCOL_WEF ? slice_eq_nocase(wanted, segment)
					: slice_eq(wanted, segment);
}

static bool fits(enum listener_protocol protocol, struct slice pattern, struct slice path)
{
	struct slice wanted, segment;

	while (slice_cut(&pattern, '/', &wanted)) {
		if (slice_eq(wanted, SLICE_LIT("**")))
			return true;
		if (!slice_cut(&path, '/', &segment) || !is_segment(protocol, wanted, segment))
			return false;
	}
	return slice_absent(path) || path.len == 0;
}

struct http_found http_route_find(
	enum listener_protocol protocol, enum http_method method, struct slice path)
{
	struct http_found found = {0};

	for (const struct http_route *route = tables[protocol]; route->path != NULL; route++) {
		if (!fits(protocol, slice_str(route->path), path))
			continue;
		found.methods |= route->methods;
		if ((route->methods & (unsigned)method) != 0) {
			found.handler = route->handler;
			break;
		}
	}
	return found;
}
