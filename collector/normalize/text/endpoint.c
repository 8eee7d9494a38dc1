#include "collector/normalize/text/endpoint.h"

#include "collector/normalize/text/extract.h"
#include "common/netaddr.h"

bool is_address(struct slice text)
{
	struct netaddr address;

	if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
		text = slice_of(text.ptr + 1, text.len - 2);
	text = slice_head(text, slice_find(text, '%'));
	return netaddr_parse(text, &address);
}

const struct endpoint_fields endpoint_source = {
	FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, FIELD_SOURCE_PORT};
const struct endpoint_fields endpoint_destination = {
	FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, FIELD_DESTINATION_PORT};
const struct endpoint_fields endpoint_client = {
	FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS, FIELD_CLIENT_PORT};
const struct endpoint_fields endpoint_server = {
	FIELD_SERVER_IP, FIELD_SERVER_ADDRESS, FIELD_SERVER_PORT};

void put_endpoint(struct record *record, struct parse_context *context,
	const struct endpoint_fields *fields, struct slice text)
{
	struct slice host, port;

	if (cut_last(text, SLICE_LIT(":"), &host, &port) && all_digits(port) && host.len > 0 &&
		(slice_find(host, ':') == host.len || host.ptr[0] == '[' ||
			!is_address(text))) {
		put_address(record, context, fields->ip, fields->other, host);
		put_digits(record, context, fields->port, port);
		return;
	}
	put_address(record, context, fields->ip, fields->other, text);
}
