#include "collector/ingest/http/http_filter.h"

static int hex_value(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

bool http_filter_decode(struct slice list, struct strbuf *out)
{
	unsigned paths = 1;

	for (size_t i = 0; i < list.len; i++) {
		char byte = list.ptr[i];

		if (byte == '%' && list.len - i > 2 && hex_value(list.ptr[i + 1]) >= 0 &&
			hex_value(list.ptr[i + 2]) >= 0) {
			byte = (char)(hex_value(list.ptr[i + 1]) << 4 |
				      hex_value(list.ptr[i + 2]));
			i += 2;
		}
		paths += byte == ',';
		strbuf_add_byte(out, byte);
	}
	return !out->overflow && paths <= HTTP_FILTER_PATHS_MAX;
}

/* '*' is any bytes; the last one seen is tried again further on. */
static bool name_fits(struct slice pattern, struct slice name)
{
	size_t at = 0, in = 0, star = pattern.len, star_in = 0;

	while (in < name.len) {
		if (at < pattern.len && pattern.ptr[at] == '*') {
			star = at++;
			star_in = in;
		} else if (at < pattern.len && pattern.ptr[at] == name.ptr[in]) {
			at++;
			in++;
		} else if (star < pattern.len) {
			at = star + 1;
			in = ++star_in;
		} else {
			return false;
		}
	}
	while (at < pattern.len && pattern.ptr[at] == '*')
		at++;
	return at == pattern.len;
}

/* Paths of answers have four names at most, and "**" ends what is compared: what it may lead
 * to comes. */
static bool path_fits(struct slice pattern, struct slice path)
{
	struct slice wanted, name;

	while (slice_cut(&pattern, '.', &wanted)) {
		if (slice_eq(wanted, SLICE_LIT("**")))
			return true;
		if (!slice_cut(&path, '.', &name) || !name_fits(wanted, name))
			return false;
	}
	return true;
}

bool http_filter_wants(struct slice decoded, struct slice path)
{
	struct slice pattern;
	bool is_empty = true;

	while (slice_cut(&decoded, ',', &pattern)) {
		pattern = slice_trim(pattern);
		if (pattern.len == 0 || pattern.ptr[0] == '-')
			continue;
		is_empty = false;
		if (path_fits(pattern, path))
			return true;
	}
	return is_empty;
}
