#include "collector/detect/indicators/indicator.h"

#include "collector/detect/indicators/url_form.h"
#include "common/punycode.h"

static const char *const names[INDICATOR_TYPES] = {
	[INDICATOR_ANY] = "any",
	[INDICATOR_ADDRESS] = "ip",
	[INDICATOR_PREFIX] = "cidr",
	[INDICATOR_ENDPOINT] = "ip-port",
	[INDICATOR_DOMAIN] = "domain",
	[INDICATOR_URL] = "url",
	[INDICATOR_PATH] = "url-path",
	[INDICATOR_MD5] = "md5",
	[INDICATOR_SHA1] = "sha1",
	[INDICATOR_SHA256] = "sha256",
	[INDICATOR_SHA512] = "sha512",
	[INDICATOR_IMPHASH] = "imphash",
	[INDICATOR_JA3] = "ja3",
	[INDICATOR_JA3S] = "ja3s",
	[INDICATOR_EMAIL] = "email",
	[INDICATOR_USER_AGENT] = "user-agent",
};

/* Bytes of a hash. */
static size_t hash_size(enum indicator_type type)
{
	switch (type) {
	case INDICATOR_MD5:
	case INDICATOR_IMPHASH:
	case INDICATOR_JA3:
	case INDICATOR_JA3S:
		return 16;
	case INDICATOR_SHA1:
		return 20;
	case INDICATOR_SHA256:
		return 32;
	case INDICATOR_SHA512:
		return 64;
	default:
		return 0;
	}
}

const char *indicator_type_name(enum indicator_type type)
{
	return names[type];
}

enum indicator_type indicator_hash_type(size_t digits)
{
	static const enum indicator_type types[] = {
		INDICATOR_MD5, INDICATOR_SHA1, INDICATOR_SHA256, INDICATOR_SHA512};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (digits == 2 * hash_size(types[i]))
			return types[i];
	}
	return INDICATOR_ANY;
}

/* ---- keys ---------------------------------------------------------------------- */

static void put_address(struct indicator_key *key, const struct netaddr *addr)
{
	for (unsigned i = 0; i < 8; i++) {
		key->bytes[i] = (char)(addr->high >> (56 - 8 * i));
		key->bytes[8 + i] = (char)(addr->low >> (56 - 8 * i));
	}
	key->len = 16;
}

static struct netaddr address_of(struct slice bytes)
{
	struct netaddr addr = {0, 0};

	for (unsigned i = 0; i < 8; i++) {
		addr.high = addr.high << 8 | (unsigned char)bytes.ptr[i];
		addr.low = addr.low << 8 | (unsigned char)bytes.ptr[8 + i];
	}
	return addr;
}

void indicator_key_of_address(const struct netaddr *addr, struct indicator_key *key)
{
	key->type = INDICATOR_ADDRESS;
	put_address(key, addr);
}

void indicator_key_of_endpoint(
	const struct netaddr *addr, uint16_t port, struct indicator_key *key)
{
	key->type = INDICATOR_ENDPOINT;
	put_address(key, addr);
	key->bytes[key->len++] = (char)(port >> 8);
	key->bytes[key->len++] = (char)(port & 0xff);
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

static bool is_label_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
	       byte == '_' || (unsigned char)byte >= 0x80;
}

/* In small letters of ASCII, or in punycode. */
static bool put_label(struct indicator_key *key, struct slice label)
{
	char small[DOMAIN_LABEL_MAX * 4], ascii[DOMAIN_LABEL_MAX];
	size_t len = 0;

	if (label.len == 0 || label.len > sizeof(small))
		return false;
	for (size_t i = 0; i < label.len; i++) {
		small[i] = lower(label.ptr[i]);
		if (!is_label_byte(small[i]))
			return false;
	}
	if (!punycode_label(slice_of(small, label.len), ascii, &len) ||
		key->len + len > DOMAIN_NAME_MAX)
		return false;
	memcpy(key->bytes + key->len, ascii, len);
	key->len = (uint16_t)(key->len + len);
	return true;
}

static bool has_letter(struct slice label)
{
	for (size_t i = 0; i < label.len; i++) {
		if (label.ptr[i] >= 'a' && label.ptr[i] <= 'z')
			return true;
	}
	return false;
}

/* Two labels or more, the last of which is no number: RFC 1123 §2.1. */
bool indicator_key_of_domain(struct slice text, struct indicator_key *key)
{
	struct slice label;
	size_t last = 0, n = 0;

	key->type = INDICATOR_DOMAIN;
	key->len = 0;
	if (slice_ends(text, SLICE_LIT(".")))
		text.len--;
	while (slice_cut(&text, '.', &label)) {
		if (n++ > 0)
			key->bytes[key->len++] = '.';
		last = key->len;
		if (!put_label(key, label))
			return false;
	}
	return n >= 2 && has_letter(slice_from(indicator_key_bytes(key), last));
}

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

bool indicator_key_of_hash(
	enum indicator_type type, struct slice text, struct indicator_key *key)
{
	size_t size = hash_size(type);

	if (size == 0 || text.len != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = hex_digit(text.ptr[2 * i]), low = hex_digit(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key->bytes[i] = (char)(high << 4 | low);
	}
	key->type = (uint8_t)type;
	key->len = (uint16_t)size;
	return true;
}

/* The local part too: nobody tells mailboxes apart by case. */
bool indicator_key_of_email(struct slice text, struct indicator_key *key)
{
	size_t at = slice_find(text, '@');
	struct indicator_key domain;

	if (at == 0 || at > 64 || at == text.len ||
		!indicator_key_of_domain(slice_from(text, at + 1), &domain))
		return false;
	for (size_t i = 0; i < at; i++) {
		if ((unsigned char)text.ptr[i] <= ' ' ||
			strchr("<>\"(),:;\\", text.ptr[i]) != NULL)
			return false;
		key->bytes[i] = lower(text.ptr[i]);
	}
	key->bytes[at] = '@';
	memcpy(key->bytes + at + 1, domain.bytes, domain.len);
	key->type = INDICATOR_EMAIL;
	key->len = (uint16_t)(at + 1 + domain.len);
	return true;
}

/* ---- reading what people wrote -------------------------------------------------- */

struct written {
	char bytes[INDICATOR_TEXT_MAX];
	size_t len;
};

/* What stands for '.', ':', "://", '@' and "http" so that nobody clicks on it. */
static const struct {
	struct slice from, to;
	bool at_start;
} fangs[] = {
	{{SLICE_BYTES("hxxp")}, {SLICE_BYTES("http")}, true},
	{{SLICE_BYTES("h**p")}, {SLICE_BYTES("http")}, true},
	{{SLICE_BYTES("fxp")}, {SLICE_BYTES("ftp")}, true},
	{{SLICE_BYTES("[.]")}, {SLICE_BYTES(".")}, false},
	{{SLICE_BYTES("(.)")}, {SLICE_BYTES(".")}, false},
	{{SLICE_BYTES("{.}")}, {SLICE_BYTES(".")}, false},
	{{SLICE_BYTES("[dot]")}, {SLICE_BYTES(".")}, false},
	{{SLICE_BYTES("(dot)")}, {SLICE_BYTES(".")}, false},
	{{SLICE_BYTES("[.")}, {SLICE_BYTES(".")}, false},
	{{SLICE_BYTES(".]")}, {SLICE_BYTES(".")}, false},
	{{SLICE_BYTES("[:]")}, {SLICE_BYTES(":")}, false},
	{{SLICE_BYTES("[://]")}, {SLICE_BYTES("://")}, false},
	{{SLICE_BYTES("[/]")}, {SLICE_BYTES("/")}, false},
	{{SLICE_BYTES("[@]")}, {SLICE_BYTES("@")}, false},
	{{SLICE_BYTES("[at]")}, {SLICE_BYTES("@")}, false},
	{{SLICE_BYTES("(at)")}, {SLICE_BYTES("@")}, false},
};

static bool starts_nocase(struct slice text, struct slice with)
{
	return text.len >= with.len && slice_eq_nocase(slice_head(text, with.len), with);
}

/* How many bytes of `text` were taken; they stand in `out`. */
static size_t take_fang(struct slice text, bool at_start, struct written *out)
{
	bool may = at_start || strchr("[({.", text.ptr[0]) != NULL;

	for (size_t i = 0; may && i < ARRAY_LEN(fangs); i++) {
		if ((fangs[i].at_start && !at_start) || !starts_nocase(text, fangs[i].from))
			continue;
		memcpy(out->bytes + out->len, fangs[i].to.ptr, fangs[i].to.len);
		out->len += fangs[i].to.len;
		return fangs[i].from.len;
	}
	out->bytes[out->len++] = text.ptr[0];
	return 1;
}

/* In the host alone: a path may have brackets of its own. False when it is too long. */
static bool refang(struct slice text, struct written *out)
{
	size_t at = 0, slashes = 0;

	out->len = 0;
	if (text.len > sizeof(out->bytes) - 8)
		return false;
	while (at < text.len && slashes < 3) {
		at += take_fang(slice_from(text, at), at == 0, out);
		slashes += out->bytes[out->len - 1] == '/';
		if (slashes == 1 && out->len > 1 && out->bytes[out->len - 2] != ':')
			slashes = 3;
	}
	memcpy(out->bytes + out->len, text.ptr + at, text.len - at);
	out->len += text.len - at;
	return true;
}

static const char *read_address(struct slice text, struct indicator_key *key)
{
	struct netaddr addr;

	if (!netaddr_parse(text, &addr))
		return "no address";
	indicator_key_of_address(&addr, key);
	return NULL;
}

static const char *read_prefix(struct slice text, struct indicator_key *key)
{
	struct netprefix prefix;

	if (!netprefix_parse(text, &prefix, NULL))
		return "no prefix, or one with bits behind its length";
	put_address(key, &prefix.first);
	key->type = INDICATOR_PREFIX;
	if (prefix.bits == 128)
		key->type = INDICATOR_ADDRESS;
	else
		key->bytes[key->len++] = (char)prefix.bits;
	return NULL;
}

static const char *read_endpoint(struct slice text, struct indicator_key *key)
{
	struct url_parts parts;
	struct netaddr addr;

	if (!url_split(text, &parts) || parts.path.len > 0 || parts.port == 0 ||
		!netaddr_parse(parts.host, &addr))
		return "no address with a port";
	indicator_key_of_endpoint(&addr, parts.port, key);
	return NULL;
}

/* "*.evil.example" and ".evil.example" too: all below is meant anyway. */
static const char *read_domain(struct slice text, struct indicator_key *key)
{
	if (slice_starts(text, SLICE_LIT("*.")))
		text = slice_from(text, 2);
	else if (slice_starts(text, SLICE_LIT(".")))
		text = slice_from(text, 1);
	return indicator_key_of_domain(text, key) ? NULL : "no domain name";
}

static const char *read_url(struct slice text, struct indicator_key *key)
{
	struct url_parts parts;

	if (!url_split(text, &parts) || !url_key(&parts, key))
		return "no URL, or one that is too long";
	return NULL;
}

static const char *read_path(struct slice text, struct indicator_key *key)
{
	struct slice path;

	text = slice_head(text, slice_find(text, '#'));
	if (text.len < 2 || text.ptr[0] != '/' || text.ptr[1] == '/')
		return "no path of a URL";
	(void)slice_cut(&text, '?', &path);
	return url_path_key(path, text, key) ? NULL : "a path that is too long";
}

static const char *read_user_agent(struct slice text, struct indicator_key *key)
{
	if (text.len == 0 || text.len > INDICATOR_SIZE_MAX)
		return "no user agent, or one that is too long";
	memcpy(key->bytes, text.ptr, text.len);
	key->type = INDICATOR_USER_AGENT;
	key->len = (uint16_t)text.len;
	return NULL;
}

/* With a '/' or a ':' in it. */
static const char *guess_compound(struct slice text, struct indicator_key *key)
{
	struct url_parts parts;

	if (slice_search(text, SLICE_LIT("://")) == text.len) {
		if (text.ptr[0] == '/')
			return read_path(text, key);
		if (read_prefix(text, key) == NULL || read_endpoint(text, key) == NULL)
			return NULL;
		/* 192.0.2.1/24 is a slip, no path */
		if (url_split(text, &parts) && parts.path.len > 0 && parts.path.len <= 4 &&
			netaddr_parse(parts.host, &(struct netaddr){0, 0}))
			return "no prefix, or one with bits behind its length";
	}
	return read_url(text, key);
}

static const char *guess(struct slice text, struct indicator_key *key)
{
	if (read_address(text, key) == NULL ||
		indicator_key_of_hash(indicator_hash_type(text.len), text, key))
		return NULL;
	if (slice_find(text, '/') < text.len || slice_find(text, ':') < text.len)
		return guess_compound(text, key);
	if (slice_find(text, '@') < text.len)
		return indicator_key_of_email(text, key) ? NULL : "no mail address";
	if (read_domain(text, key) == NULL)
		return NULL;
	return slice_find(slice_from(text, text.ptr[0] == '.'), '.') + (text.ptr[0] == '.') <
			       text.len
		       ? "no address, prefix, domain, URL, hash or mail address"
		       : "a word, or a top-level domain";
}

static const char *read_as(
	enum indicator_type type, struct slice text, struct indicator_key *key)
{
	switch (type) {
	case INDICATOR_ANY:
		return guess(text, key);
	case INDICATOR_ADDRESS:
	case INDICATOR_PREFIX:
		return read_prefix(text, key);
	case INDICATOR_ENDPOINT:
		return read_endpoint(text, key);
	case INDICATOR_DOMAIN:
		return read_domain(text, key);
	case INDICATOR_URL:
		return read_url(text, key);
	case INDICATOR_PATH:
		return read_path(text, key);
	case INDICATOR_EMAIL:
		return indicator_key_of_email(text, key) ? NULL : "no mail address";
	default:
		return indicator_key_of_hash(type, text, key) ? NULL : "no such hash";
	}
}

const char *indicator_read(
	enum indicator_type type, struct slice text, struct indicator_key *key)
{
	struct written written;

	text = slice_trim(text);
	if (text.len == 0)
		return "nothing";
	if (type == INDICATOR_USER_AGENT)
		return read_user_agent(text, key);
	if (!refang(text, &written))
		return "too long";
	return read_as(type, slice_of(written.bytes, written.len), key);
}

/* ---- judging and showing --------------------------------------------------------- */

static const char *useless_prefix(const struct indicator_key *key)
{
	struct netaddr first = address_of(indicator_key_bytes(key));
	unsigned bits = (unsigned char)key->bytes[16];
	bool wide = netaddr_is_v4(&first) ? bits < 96 + 8 : bits < 16;

	return wide ? "a prefix that is too wide: /8 and /16 are the widest" : NULL;
}

const char *indicator_useless(const struct indicator_key *key)
{
	struct netaddr addr;

	if (key->type == INDICATOR_PREFIX)
		return useless_prefix(key);
	if (key->type != INDICATOR_ADDRESS)
		return NULL;
	addr = address_of(indicator_key_bytes(key));
	if (netaddr_scope(&addr) == NETADDR_LOOPBACK)
		return "an address of every host";
	return addr.high == 0 && (addr.low == 0 || addr.low == UINT64_C(0xffff) << 32)
		       ? "an address of no host"
		       : NULL;
}

bool indicator_is_alone(const struct indicator_key *key, const struct suffixes *suffixes)
{
	struct domain_parts parts;

	return key->type == INDICATOR_DOMAIN &&
	       suffixes_split(suffixes, indicator_key_bytes(key), &parts) &&
	       slice_absent(parts.registered);
}

static void show_address(struct slice bytes, bool bracketed, struct strbuf *out)
{
	struct netaddr addr = address_of(bytes);
	char text[NETADDR_TEXT_MAX];
	size_t len = netaddr_format(&addr, text);
	bool brackets = bracketed && !netaddr_is_v4(&addr);

	strbuf_add_str(out, brackets ? "[" : "");
	strbuf_add(out, slice_of(text, len));
	strbuf_add_str(out, brackets ? "]" : "");
}

static void show_prefix(struct slice bytes, struct strbuf *out)
{
	struct netprefix prefix = {address_of(bytes), (uint8_t)bytes.ptr[16]};
	char text[NETPREFIX_TEXT_MAX];

	strbuf_add(out, slice_of(text, netprefix_format(&prefix, text)));
}

void indicator_show(enum indicator_type type, struct slice bytes, struct strbuf *out)
{
	if (type == INDICATOR_ADDRESS) {
		show_address(bytes, false, out);
	} else if (type == INDICATOR_PREFIX) {
		show_prefix(bytes, out);
	} else if (type == INDICATOR_ENDPOINT) {
		show_address(bytes, true, out);
		strbuf_addf(out, ":%u",
			(unsigned)((unsigned char)bytes.ptr[16] << 8 |
				   (unsigned char)bytes.ptr[17]));
	} else if (hash_size(type) > 0) {
		for (size_t i = 0; i < bytes.len; i++)
			strbuf_addf(out, "%02x", (unsigned)(unsigned char)bytes.ptr[i]);
	} else {
		strbuf_add(out, bytes);
	}
}
