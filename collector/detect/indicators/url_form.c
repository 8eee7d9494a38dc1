#include "collector/detect/indicators/url_form.h"

/* ---- splitting ----------------------------------------------------------------- */

static bool is_scheme_byte(char byte)
{
	return ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || (byte >= '0' && byte <= '9') ||
	       byte == '+' || byte == '-' || byte == '.';
}

static struct slice take_scheme(struct slice *text)
{
	size_t end = slice_search(*text, SLICE_LIT("://"));
	struct slice scheme = slice_head(*text, end);

	if (end == text->len || end == 0 || end > 32)
		return SLICE_NONE;
	for (size_t i = 0; i < end; i++) {
		if (!is_scheme_byte(scheme.ptr[i]))
			return SLICE_NONE;
	}
	*text = slice_from(*text, end + 3);
	return scheme;
}

static uint16_t port_of_scheme(struct slice scheme)
{
	static const struct {
		struct slice scheme;
		uint16_t port;
	} known[] = {
		{{SLICE_BYTES("http")}, 80},
		{{SLICE_BYTES("https")}, 443},
		{{SLICE_BYTES("ftp")}, 21},
		{{SLICE_BYTES("ws")}, 80},
		{{SLICE_BYTES("wss")}, 443},
		{{SLICE_BYTES("ldap")}, 389},
		{{SLICE_BYTES("ldaps")}, 636},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_eq_nocase(scheme, known[i].scheme))
			return known[i].port;
	}
	return 0;
}

static size_t authority_len(struct slice text)
{
	size_t len = 0;

	while (len < text.len && text.ptr[len] != '/' && text.ptr[len] != '?' &&
		text.ptr[len] != '#' && text.ptr[len] != '\\')
		len++;
	return len;
}

static bool take_port(struct slice text, struct url_parts *parts)
{
	uint64_t port = 0;

	if (text.len == 0 || (text.len == 1 && text.ptr[0] == ':'))
		return true;
	if (text.ptr[0] != ':' || !slice_to_u64(slice_from(text, 1), UINT16_MAX, &port))
		return false;
	parts->port = (uint16_t)port;
	return true;
}

/* "user:password@host:port", "[2001:db8::1]:port" */
static bool split_authority(struct slice text, struct url_parts *parts)
{
	size_t end;

	for (size_t i = text.len; i-- > 0;) {
		if (text.ptr[i] == '@') {
			text = slice_from(text, i + 1);
			break;
		}
	}
	if (slice_starts(text, SLICE_LIT("["))) {
		end = slice_find(text, ']');
		if (end == text.len)
			return false;
		parts->host = slice_of(text.ptr + 1, end - 1);
		return take_port(slice_from(text, end + 1), parts);
	}
	end = slice_find(text, ':');
	parts->host = slice_head(text, end);
	return take_port(slice_from(text, end), parts);
}

bool url_split(struct slice text, struct url_parts *parts)
{
	struct slice scheme = take_scheme(&text);
	size_t len = authority_len(text);
	struct slice rest = slice_from(text, len), head;

	*parts = (struct url_parts){.scheme = scheme};
	if (!split_authority(slice_head(text, len), parts) || parts->host.len == 0)
		return false;
	if (parts->port != 0 && parts->port == port_of_scheme(scheme))
		parts->port = 0;
	rest = slice_head(rest, slice_find(rest, '#'));
	(void)slice_cut(&rest, '?', &head);
	parts->path = head;
	parts->query = rest;
	return true;
}

/* ---- writing ------------------------------------------------------------------- */

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool is_unreserved(int byte)
{
	int letter = byte | 0x20;

	return (letter >= 'a' && letter <= 'z') || (byte >= '0' && byte <= '9') ||
	       byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

static bool put(struct indicator_key *key, char byte)
{
	if (key->len >= INDICATOR_SIZE_MAX)
		return false;
	key->bytes[key->len++] = byte;
	return true;
}

static bool put_escaped(struct indicator_key *key, int byte)
{
	static const char digits[] = "0123456789ABCDEF";

	return put(key, '%') && put(key, digits[byte >> 4]) && put(key, digits[byte & 15]);
}

/* Escapes as RFC 3986 §6.2.2 wants them; what may not stand in a URL is escaped. */
static bool put_text(struct indicator_key *key, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		int byte = (unsigned char)text.ptr[i];
		bool escaped = byte == '%' && text.len - i > 2 &&
			       hex_digit(text.ptr[i + 1]) >= 0 &&
			       hex_digit(text.ptr[i + 2]) >= 0;

		if (escaped) {
			byte = hex_digit(text.ptr[i + 1]) << 4 | hex_digit(text.ptr[i + 2]);
			i += 2;
		}
		if ((escaped && !is_unreserved(byte)) || byte <= ' ' || byte >= 0x7f) {
			if (!put_escaped(key, byte))
				return false;
		} else if (!put(key, (char)byte)) {
			return false;
		}
	}
	return true;
}

/* Back to the '/' before the last segment, but not before `start`. */
static void drop_segment(struct indicator_key *key, size_t start)
{
	while (key->len > start && key->bytes[key->len - 1] != '/')
		key->len--;
	if (key->len > start)
		key->len--;
}

/* RFC 3986 §5.2.4, segment by segment; `path` begins with '/'. */
static bool put_path(struct indicator_key *key, struct slice path)
{
	size_t start = key->len;
	struct slice segment;

	path = slice_from(path, 1);
	while (slice_cut(&path, '/', &segment)) {
		bool last = slice_absent(path);
		size_t before = key->len, len;

		if (!put(key, '/') || !put_text(key, segment))
			return false;
		len = key->len - before;
		if (len == 2 && key->bytes[before + 1] == '.') {
			key->len = (uint16_t)(before + (last ? 1 : 0));
		} else if (len == 3 && memcmp(key->bytes + before, "/..", 3) == 0) {
			key->len = (uint16_t)before;
			drop_segment(key, start);
			if (last && !put(key, '/'))
				return false;
		}
	}
	return key->len > start || put(key, '/');
}

static bool put_host(struct indicator_key *key, struct slice host)
{
	struct indicator_key name;
	struct netaddr addr;
	char text[NETADDR_TEXT_MAX];

	if (netaddr_parse(host, &addr)) {
		key->len = (uint16_t)netaddr_format(&addr, text);
		memcpy(key->bytes, text, key->len);
		return true;
	}
	if (!indicator_key_of_domain(host, &name))
		return false;
	memcpy(key->bytes, name.bytes, name.len);
	key->len = name.len;
	return true;
}

static bool put_port(struct indicator_key *key, uint16_t port)
{
	char digits[5];
	size_t n = 0;

	if (port == 0)
		return true;
	for (; port > 0; port /= 10)
		digits[n++] = (char)('0' + port % 10);
	if (!put(key, ':'))
		return false;
	while (n > 0) {
		if (!put(key, digits[--n]))
			return false;
	}
	return true;
}

static bool put_path_and_query(struct indicator_key *key, struct slice path, struct slice query)
{
	if (!slice_starts(path, SLICE_LIT("/")))
		path = SLICE_LIT("/");
	return put_path(key, path) &&
	       (query.len == 0 || (put(key, '?') && put_text(key, query)));
}

bool url_key(const struct url_parts *parts, struct indicator_key *key)
{
	key->type = INDICATOR_URL;
	key->len = 0;
	if (!put_host(key, parts->host) || !put_port(key, parts->port))
		return false;
	if (parts->path.len == 0 && parts->query.len == 0)
		return true;
	return put_path_and_query(key, parts->path, parts->query);
}

bool url_path_key(struct slice path, struct slice query, struct indicator_key *key)
{
	key->type = INDICATOR_PATH;
	key->len = 0;
	return put_path_and_query(key, path, query);
}
