/*
 * What outputs for Elasticsearch ask before they send, answered so that they do.
 *
 * Clients since 7.14 look for the product's header, which every answer has, and Beats for a
 * version that is not older than theirs. Templates, policies, pipelines are taken to be there,
 * whatever they say: nothing here depends on them.
 */
#include "collector/ingest/http/http_routes.h"

const struct http_handler elastic_root = {
	.fixed = "{\"name\":\"soc-collector\",\"cluster_name\":\"soc-collector\","
		 "\"cluster_uuid\":\"c29jLWNvbGxlY3Rvci0wMA\","
		 "\"version\":{\"number\":\"8.19.0\",\"build_flavor\":\"default\","
		 "\"build_type\":\"deb\",\"build_snapshot\":false,"
		 "\"lucene_version\":\"9.12.2\","
		 "\"minimum_wire_compatibility_version\":\"7.17.0\","
		 "\"minimum_index_compatibility_version\":\"7.0.0\"},"
		 "\"tagline\":\"You Know, for Search\"}",
};

const struct http_handler elastic_license = {
	.fixed = "{\"license\":{\"status\":\"active\",\"uid\":\"c29jLWNvbGxlY3Rvci0wMA\","
		 "\"type\":\"basic\",\"mode\":\"basic\",\"issued_to\":\"soc-collector\","
		 "\"issuer\":\"soc-collector\"}}",
};

const struct http_handler elastic_xpack = {
	.fixed = "{\"license\":{\"uid\":\"c29jLWNvbGxlY3Rvci0wMA\",\"type\":\"basic\","
		 "\"mode\":\"basic\",\"status\":\"active\"},"
		 "\"features\":{\"ilm\":{\"available\":true,\"enabled\":true}}}",
};

const struct http_handler elastic_health = {
	.fixed = "{\"cluster_name\":\"soc-collector\",\"status\":\"green\",\"timed_out\":false,"
		 "\"number_of_nodes\":1,\"number_of_data_nodes\":1}",
};

const struct http_handler elastic_setup = {
	.fixed = "{\"acknowledged\":true}",
};
