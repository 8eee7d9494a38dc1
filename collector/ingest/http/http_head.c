#include "collector/ingest/http/http_head.h"

#define FINE                 ((struct http_trouble){0})
#define TROUBLE(status, why) ((struct http_trouble){status, why})

/* ---- bytes -------------------------------------------------------------------- */

/* RFC 9110 §5.6.2 */
static bool is_token_byte(unsigned char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') ||
	       (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_token(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_token_byte((unsigned char)text.ptr[i]))
			return false;
	}
	return text.len > 0;
}

/* §5.5: no controls but the tab. */
static bool is_value(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char byte = (unsigned char)text.ptr[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

/* Up to CR LF, which goes as well; false when a CR or LF stands alone. */
static bool cut_line(struct slice *text, struct slice *line)
{
	const size_t at = slice_find(*text, '\n');

	if (at == text->len || at == 0 || text->ptr[at - 1] != '\r')
		return false;
	*line = slice_head(*text, at - 1);
	*text = slice_from(*text, at + 1);
	return slice_find(*line, '\r') == line->len;
}

/* ---- the request line ----------------------------------------------------------- */

static enum http_method method_of(struct slice text)
{
	static const struct {
		struct slice text;
		enum http_method method;
	} methods[] = {
		{{SLICE_BYTES("POST")}, HTTP_POST},
		{{SLICE_BYTES("GET")}, HTTP_GET},
		{{SLICE_BYTES("HEAD")}, HTTP_HEAD},
		{{SLICE_BYTES("PUT")}, HTTP_PUT},
		{{SLICE_BYTES("DELETE")}, HTTP_DELETE},
	};

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (slice_eq(methods[i].text, text))
			return methods[i].method;
	}
	return HTTP_OTHER_METHOD;
}

static struct http_trouble read_version(struct slice text, struct http_head *head)
{
	if (!slice_starts(text, SLICE_LIT("HTTP/")) || text.len != 8 || text.ptr[6] != '.' ||
		text.ptr[5] < '0' || text.ptr[5] > '9' || text.ptr[7] < '0' ||
		text.ptr[7] > '9')
		return TROUBLE(400, "no request line of HTTP");
	if (text.ptr[5] != '1')
		return TROUBLE(505, "another version than HTTP/1");
	head->minor = (unsigned)(text.ptr[7] - '0');
	return FINE;
}

/* RFC 9112 §3.2.2: what is sent to proxies is understood too. */
static struct slice without_authority(struct slice target)
{
	static const struct slice schemes[] = {
		{SLICE_BYTES("http://")}, {SLICE_BYTES("https://")}};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (target.len < schemes[i].len ||
			!slice_eq_nocase(slice_head(target, schemes[i].len), schemes[i]))
			continue;
		const struct slice rest = slice_from(target, schemes[i].len);
		return slice_from(rest, slice_find(rest, '/'));
	}
	return target;
}

static struct http_trouble read_target(struct slice target, struct http_head *head)
{
	target = without_authority(target);
	if (target.len == 0 || target.ptr[0] != '/' || slice_find(target, '#') < target.len)
		return TROUBLE(400, "no path in the request line");
	const size_t at = slice_find(target, '?');
	head->path = slice_head(target, at);
	if (at < target.len)
		head->query = slice_from(target, at + 1);
	return FINE;
}

static bool is_target(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char byte = (unsigned char)text.ptr[i];

		if (byte <= ' ' || byte >= 0x7f)
			return false;
	}
	return true;
}

static struct http_trouble read_request_line(struct slice line, struct http_head *head)
{
	struct slice method, target;

	if (!slice_cut(&line, ' ', &method) || !slice_cut(&line, ' ', &target) ||
		slice_absent(line) || !is_token(method) || !is_target(target))
		return TROUBLE(400, "no request line of HTTP");
	const struct http_trouble trouble = read_version(line, head);
	if (trouble.status != 0)
		return trouble;
	head->method = method_of(method);
	return read_target(target, head);
}

/* ---- fields ------------------------------------------------------------------------ */

/* What was found of those fields that are used by the reader itself. */
struct fields {
	struct slice length, coding, expect;
	bool closes;
};

static struct http_trouble put_once(struct slice *to, struct slice value)
{
	if (!slice_absent(*to))
		return TROUBLE(400, "a field that may be there once is there twice");
	*to = value;
	return FINE;
}

static bool has_word(struct slice list, struct slice word)
{
	struct slice item;

	while (slice_cut(&list, ',', &item)) {
		if (slice_eq_nocase(slice_trim(item), word))
			return true;
	}
	return false;
}

static struct http_trouble put_field(
	struct slice name, struct slice value, struct http_head *head, struct fields *fields)
{
	const struct {
		struct slice name, *to;
	} known[] = {
		{SLICE_LIT("host"), &head->host},
		{SLICE_LIT("content-length"), &fields->length},
		{SLICE_LIT("transfer-encoding"), &fields->coding},
		{SLICE_LIT("content-type"), &head->content_type},
		{SLICE_LIT("content-encoding"), &head->content_encoding},
		{SLICE_LIT("authorization"), &head->authorization},
		{SLICE_LIT("expect"), &fields->expect},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_eq_nocase(known[i].name, name))
			return put_once(known[i].to, value);
	}
	if (slice_eq_nocase(name, SLICE_LIT("connection")))
		fields->closes |= has_word(value, SLICE_LIT("close"));
	else if (slice_eq_nocase(name, SLICE_LIT("user-agent")))
		head->user_agent = value;
	return FINE;
}

static bool split_field(struct slice line, struct slice *name, struct slice *value)
{
	const size_t colon = slice_find(line, ':');

	if (colon == line.len)
		return false;
	*name = slice_head(line, colon);
	*value = slice_trim(slice_from(line, colon + 1));
	return is_token(*name) && is_value(*value);
}

bool http_is_field(struct slice line)
{
	struct slice name, value;

	return split_field(line, &name, &value);
}

static struct http_trouble read_fields(
	struct slice text, struct http_head *head, struct fields *fields)
{
	struct slice line, name, value;

	for (unsigned n = 0; text.len > 0; n++) {
		if (n == HTTP_FIELDS_MAX)
			return TROUBLE(431, "too many fields");
		if (!cut_line(&text, &line))
			return TROUBLE(400, "a line that does not end with CR LF");
		if (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
			return TROUBLE(400, "a folded line");
		if (!split_field(line, &name, &value))
			return TROUBLE(400, "a line that is no field");
		const struct http_trouble trouble = put_field(name, value, head, fields);
		if (trouble.status != 0)
			return trouble;
	}
	return FINE;
}

/* ---- what they mean together --------------------------------------------------------- */

/* RFC 9112 §6.3 */
static struct http_trouble judge_framing(const struct fields *fields, struct http_head *head)
{
	if (!slice_absent(fields->coding)) {
		if (!slice_absent(fields->length))
			return TROUBLE(400, "both a length and a transfer coding");
		if (head->minor == 0)
			return TROUBLE(400, "a transfer coding in HTTP/1.0");
		if (!slice_eq_nocase(fields->coding, SLICE_LIT("chunked")))
			return TROUBLE(501, "a transfer coding that is not chunked");
		head->framing = HTTP_CHUNKED;
	} else if (!slice_absent(fields->length)) {
		if (!slice_to_u64(fields->length, UINT64_MAX / 2, &head->length))
			return TROUBLE(400, "a length that is no number");
		head->framing = HTTP_LENGTH;
	}
	return FINE;
}

static struct http_trouble judge(const struct fields *fields, struct http_head *head)
{
	if (slice_absent(head->host) && head->minor > 0)
		return TROUBLE(400, "no host");
	if (!slice_absent(fields->expect)) {
		if (!slice_eq_nocase(fields->expect, SLICE_LIT("100-continue")))
			return TROUBLE(417, "it expects something else than 100-continue");
		head->expects_continue = head->minor > 0;
	}
	head->keeps_alive = head->minor > 0 && !fields->closes;
	return judge_framing(fields, head);
}

struct http_trouble http_head_parse(struct slice text, struct http_head *head)
{
	struct fields fields = {0};
	struct http_trouble trouble;
	struct slice line;

	*head = (struct http_head){0};
	if (!cut_line(&text, &line))
		return TROUBLE(400, "a line that does not end with CR LF");
	trouble = read_request_line(line, head);
	if (trouble.status == 0)
		trouble = read_fields(text, head, &fields);
	return trouble.status == 0 ? judge(&fields, head) : trouble;
}

struct slice http_query_value(struct slice query, struct slice name)
{
	struct slice pair, key;

	while (slice_cut(&query, '&', &pair)) {
		struct slice value = pair;

		(void)slice_cut(&value, '=', &key);
		if (slice_eq(key, name))
			return slice_absent(value) ? SLICE_LIT("") : value;
	}
	return SLICE_NONE;
}
