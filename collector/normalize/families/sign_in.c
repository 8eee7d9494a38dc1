#include "collector/normalize/families/sign_in.h"

#include <stdatomic.h>

#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/names.h"
#include "common/needles.h"

/* ---- what the program itself says ------------------------------------------------------- */

static bool is_name_byte(char byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       byte == '_' || (unsigned char)byte >= 0x80;
}

static bool splits(char byte)
{
	return memchr(" \t\r\n,;=\"'`()[]{}<>|", byte, 19) != NULL;
}

/* What strangers write stands behind these and a sign, up to the end. */
static const char *const strangers_words[] = {"user_agent", "user-agent", "useragent",
	"user agent", "agent", "ua", "referer", "referrer"};

/* "agent: ", "\"user_agent\":\"", "referer = " */
static bool has_sign(struct slice rest)
{
	if (rest.len > 0 && (rest.ptr[0] == '"' || rest.ptr[0] == '\''))
		rest = slice_from(rest, 1);
	skip_blanks(&rest);
	return rest.len > 0 && (rest.ptr[0] == ':' || rest.ptr[0] == '=');
}

static bool begins_strangers_words(struct slice rest)
{
	for (size_t i = 0; i < ARRAY_LEN(strangers_words); i++) {
		struct slice word = slice_str(strangers_words[i]);

		if (rest.len >= word.len && slice_eq_nocase(slice_head(rest, word.len), word) &&
			has_sign(slice_from(rest, word.len)))
			return true;
	}
	return slice_starts(rest, SLICE_LIT("Mozilla/"));
}

/* What stands between the quote at the start and the next one that ends a word. */
static bool take_quoted(struct slice rest, struct slice *quoted)
{
	for (size_t at = 1; at < rest.len; at++) {
		if (rest.ptr[at] != rest.ptr[0] ||
			(at + 1 < rest.len && is_name_byte(rest.ptr[at + 1])))
			continue;
		*quoted = slice_of(rest.ptr + 1, at - 1);
		return true;
	}
	return false;
}

enum { SCHEME_MAX = 12 };

static bool is_url(struct slice rest)
{
	size_t len = 0;

	while (len < SCHEME_MAX && len < rest.len && is_name_byte(rest.ptr[len]))
		len++;
	return rest.ptr[0] == '/' || slice_starts(slice_from(rest, len), SLICE_LIT("://"));
}

/* "/a/b", "https://a/b"; 0 = something else */
static size_t url_length(struct slice rest)
{
	size_t len = 0;

	if (!is_url(rest))
		return 0;
	while (len < rest.len && rest.ptr[len] != ' ' && rest.ptr[len] != '|')
		len++;
	return len;
}

static struct slice without_colon(struct slice word)
{
	while (word.len > 0 && memchr(":.-", word.ptr[word.len - 1], 3) != NULL)
		word.len--;
	return word;
}

/* A copy in which quoted texts (but addresses), URLs and agents are blank: each byte that is
 * left stands where it stood. Work is linear: a quote without an end is looked for once of each
 * kind. */
static struct slice plain_of(struct slice text, char plain[SIGN_IN_TEXT_MAX], bool *is_cut)
{
	char unclosed[3] = "";
	struct slice quoted;

	memcpy(plain, text.ptr, text.len);
	for (size_t at = 0, len; at < text.len; at++) {
		const struct slice rest = slice_from(text, at);
		const char byte = text.ptr[at];

		if (at > 0 && is_name_byte(text.ptr[at - 1]))
			continue;
		if (begins_strangers_words(rest)) {
			memset(plain + at, ' ', rest.len);
			*is_cut = true;
			break;
		}
		if ((byte == '"' || byte == '\'' || byte == '`') && !strchr(unclosed, byte)) {
			if (!take_quoted(rest, &quoted)) {
				unclosed[strlen(unclosed)] = byte;
				continue;
			}
			if (!is_address(without_colon(quoted)))
				memset(plain + at + 1, ' ', quoted.len);
			at += quoted.len + 1;
		} else if ((at == 0 || splits(text.ptr[at - 1])) &&
			   (len = url_length(rest)) > 0) {
			memset(plain + at, ' ', len);
			at += len - 1;
		}
	}
	return slice_of(plain, text.len);
}

/* ---- where a name may stand -------------------------------------------------------------- */

/* Texts in front of a name, the most telling ones first. */
static const char *const user_keys[] = {"username", "user name", "for user", "tài khoản",
	"Tài khoản", "người dùng", "tên đăng nhập", "Tên đăng nhập", "with account", "用户名",
	"用户", "request for", "login as", "login by", "with login", "login to", "accountname",
	"login using \"", "log in using \"", "account", "login:", "login=", "user", "for"};

static bool stands_here(struct slice text, size_t at, struct slice key)
{
	const struct slice rest = slice_from(text, at);

	return rest.len > key.len && slice_eq_nocase(slice_head(rest, key.len), key) &&
	       (at == 0 || !is_name_byte(text.ptr[at - 1])) &&
	       (!is_name_byte(key.ptr[key.len - 1]) || !is_name_byte(rest.ptr[key.len]));
}

/* Behind the text at `at` a name in quotes stands: it ends there. */
static bool is_quoted(struct slice rest)
{
	while (rest.len > 0 && memchr(" :=([<", rest.ptr[0], 6) != NULL)
		rest = slice_from(rest, 1);
	return rest.len > 0 && memchr("\"'`", rest.ptr[0], 3) != NULL;
}

/* ---- the outcome ------------------------------------------------------------------------ */

/* What words say: an outcome, or that somebody tries, and a verdict that stands behind that. */
enum { SAYS_TRY = SIGN_IN_LOCKED + 1, SAYS_REFUSED, SAYS_ACCEPTED, SAYS_BAD, SAYS_GOOD };

static const struct words {
	unsigned says;
	struct slice text;
} words[] = {
#define WORDS(says, text) {(says), {SLICE_BYTES(text)}},
#include "collector/normalize/families/sign_in_words.def"
#undef WORDS
};

/* Made by the first who asks; its memory stays until the program ends. */
static const struct needles *needles_of_words(void)
{
	static _Atomic(struct needles *) ready;
	struct needles *made = atomic_load_explicit(&ready, memory_order_acquire),
		       *published = NULL;
	struct slice texts[ARRAY_LEN(words)];

	if (made != NULL)
		return made;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		texts[i] = words[i].text;
	made = needles_new(texts, ARRAY_LEN(words));
	if (atomic_compare_exchange_strong(&ready, &published, made))
		return made;
	needles_free(made); /* another thread was first */
	return published;
}

struct said {
	enum sign_in_outcome worst; /* "unsuccessful login" is no "successful login" */
	bool tries;
	size_t bad_end, good_end; /* behind an adjective; 0 = none stood yet */
	size_t first;             /* where the first outcome stands */
};

enum { ADJECTIVE_NEAR = 24 }; /* bytes from an adjective to the try it speaks of */

static bool is_near(size_t end, size_t at)
{
	return end > 0 && at >= end && at - end <= ADJECTIVE_NEAR;
}

/* What an adjective before a try at `at` says; SAYS_TRY when none stands there. "unsuccessful"
 * has "successful" in it. */
static unsigned says_of_try(const struct said *said, size_t at)
{
	if (is_near(said->bad_end, at))
		return SIGN_IN_FAILED;
	return is_near(said->good_end, at) ? SIGN_IN_DONE : SAYS_TRY;
}

static bool note_words(void *user, unsigned number, size_t at)
{
	struct said *said = user;
	unsigned says = words[number].says;

	if (says == SAYS_BAD || says == SAYS_GOOD) {
		*(says == SAYS_BAD ? &said->bad_end : &said->good_end) =
			at + words[number].text.len;
		return true;
	}
	if (says == SAYS_TRY || says == SIGN_IN_TRIED)
		said->tries = true;
	if (says == SAYS_TRY)
		says = says_of_try(said, at);
	if (says == SAYS_TRY)
		return true;
	if (says == SAYS_REFUSED || says == SAYS_ACCEPTED) {
		if (!said->tries)
			return true;
		says = says == SAYS_REFUSED ? SIGN_IN_FAILED : SIGN_IN_DONE;
	}
	if (said->worst == SIGN_IN_NONE || at < said->first)
		said->first = at;
	if (says > said->worst)
		said->worst = (enum sign_in_outcome)says;
	return true;
}

static struct said scan(struct slice text)
{
	struct said said = {.worst = SIGN_IN_NONE};

	if (text.len > SIGN_IN_TEXT_MAX)
		text.len = SIGN_IN_TEXT_MAX;
	if (text.len > 0)
		(void)needles_scan(needles_of_words(), text, note_words, &said);
	return said;
}

enum sign_in_outcome sign_in_outcome(struct slice text)
{
	return scan(text).worst;
}

enum { WORDS_MAX = 48 };

/* "account locked" is no account's name. */
static bool is_of_words(struct slice rest)
{
	struct said said = scan(slice_head(rest, rest.len < WORDS_MAX ? rest.len : WORDS_MAX));

	return said.worst != SIGN_IN_NONE && said.first == 0;
}

/* The first place from `at` on behind which a name without quotes may stand, of which nobody
 * knows where it ends; the text's end when there is none. */
static size_t find_open_name(struct slice plain, size_t at)
{
	for (; at < plain.len; at++) {
		for (size_t i = 0; i < ARRAY_LEN(user_keys); i++) {
			const struct slice key = slice_str(user_keys[i]);

			if (stands_here(plain, at, key) &&
				!is_quoted(slice_from(plain, at + key.len)) &&
				!is_of_words(slice_from(plain, at)))
				return at;
		}
	}
	return plain.len;
}

/* Where the program has said it before a name, no words of the name's say more: "login failed
 * for user account locked". */
static enum sign_in_outcome outcome_of(struct slice plain)
{
	struct said whole = scan(plain);
	size_t at = whole.first;

	if (whole.worst == SIGN_IN_NONE)
		return SIGN_IN_NONE;
	while ((at = find_open_name(plain, at)) < plain.len) {
		struct said before = scan(slice_head(plain, at));

		if (before.worst != SIGN_IN_NONE)
			return before.worst;
		at++;
	}
	return whole.worst;
}

/* ---- who -------------------------------------------------------------------------------- */

/* What stands behind such a text and is no name. */
static const char *const no_names[] = {"or", "and", "name", "names", "is", "was", "not", "from",
	"with", "has", "in", "at", "on", "credentials", "account", "login", "password", "agent",
	"details", "request", "attempt", "failed", "by", "for", "to", "the", "using", "via",
	"ip", "locked", "hoặc", "không", "đã", "bị", "undefined", "null", "invalid",
	"incorrect", "wrong", "bad", "unknown", "user", "of", "a", "that", "does"};

static bool is_one_of(struct slice word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_eq_nocase(word, slice_str(list[i])))
			return true;
	}
	return false;
}

/* 'an', "an", (an): up to what closes it; others up to a blank or a stop. */
static struct slice take_name(struct slice rest)
{
	static const char quotes[] = "\"'`", stops[] = " ,;)]}>\"'`|\t\r\n";
	struct slice name;

	while (rest.len > 0 && memchr(" :=([<", rest.ptr[0], 6) != NULL)
		rest = slice_from(rest, 1);
	if (rest.len > 0 && memchr(quotes, rest.ptr[0], sizeof(quotes) - 1) != NULL)
		return take_quoted(rest, &name) ? name : SLICE_NONE;
	name = rest;
	for (name.len = 0; name.len < rest.len; name.len++) {
		if (memchr(stops, rest.ptr[name.len], sizeof(stops) - 1) != NULL)
			break;
	}
	while (name.len > 0 && memchr(".:", name.ptr[name.len - 1], 2) != NULL)
		name.len--;
	if (is_address(name) || (name.len > 0 && memchr("/?&{", name.ptr[0], 4) != NULL) ||
		is_one_of(name, no_names, ARRAY_LEN(no_names)))
		return SLICE_NONE;
	return name;
}

/* The name behind `key`, where that stands as a word of the program's own. */
static struct slice name_behind(struct slice text, struct slice plain, struct slice key)
{
	for (size_t at = 0; at + key.len < text.len; at++) {
		if (!stands_here(plain, at, key))
			continue;
		struct slice name = take_name(slice_from(text, at + key.len));
		if (name.len > 0)
			return name;
	}
	return SLICE_NONE;
}

static struct slice find_user(struct slice text, struct slice plain)
{
	for (size_t i = 0; i < ARRAY_LEN(user_keys); i++) {
		struct slice name = name_behind(text, plain, slice_str(user_keys[i]));

		if (name.len > 0)
			return name;
	}
	return SLICE_NONE;
}

struct sign_in {
	struct slice user;                /* or absent */
	struct slice address, port, name; /* of where from; or absent */
	struct slice client;              /* that a proxy says it asks for; or absent */
};

/* ---- from where ------------------------------------------------------------------------- */

/* What stands in front of the address that signs in. */
static const char *const from_words[] = {"from", "ip", "by", "client", "address", "addr",
	"rhost", "host", "remote", "peer", "source", "src", "client_ip", "remote_ip",
	"remote_addr", "clientip", "remoteaddress", "ip_address", "chỉ", "từ"};

static struct slice next_token(struct slice *rest)
{
	size_t len = 0;

	while (rest->len > 0 && splits(rest->ptr[0]))
		*rest = slice_from(*rest, 1);
	while (len < rest->len && !splits(rest->ptr[len]))
		len++;
	struct slice token = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return token;
}

/* "192.0.2.1", "192.0.2.1:4711", "IP:192.0.2.1", "2001:db8::1" */
static bool take_source(struct slice token, struct sign_in *found)
{
	struct slice port = SLICE_NONE, head, tail;

	token = without_colon(token);
	if (token.len > 3 && slice_eq_nocase(slice_head(token, 3), SLICE_LIT("ip:")))
		token = slice_from(token, 3);
	if (token.len < 2)
		return false;
	if (!is_address(token)) {
		if (!cut_last(token, SLICE_LIT(":"), &head, &tail) || !all_digits(tail) ||
			slice_find(head, '.') == head.len || !is_address(head))
			return false;
		token = head;
		port = tail;
	}
	found->address = token;
	found->port = port;
	return true;
}

/* "]:4711" behind an address in brackets */
static struct slice port_behind(struct slice rest)
{
	struct slice port;

	return skip_lit(&rest, "]:") && take_digits(&rest, &port) ? port : SLICE_NONE;
}

/* The last words before an address: "from", or "from" and the host's name. */
struct words_before {
	struct slice last, one_more;
};

/* "from pc.example (192.0.2.1)": the name that the program found for the address. */
static struct slice name_before(
	const struct words_before *before, struct slice whole, struct slice address)
{
	static const char *const hosts_words[] = {"from", "host", "từ"};

	if (address.ptr == whole.ptr || address.ptr[-1] != '(' ||
		slice_absent(before->one_more) || before->last.len == 0 ||
		before->last.ptr + before->last.len + 2 != address.ptr ||
		is_address(before->last) ||
		!is_one_of(before->one_more, hosts_words, ARRAY_LEN(hosts_words)))
		return SLICE_NONE;
	return before->last;
}

static void note_source(struct sign_in *found, const struct sign_in *here)
{
	found->address = here->address;
	found->port = here->port;
	found->name = here->name;
}

/* The last one that a word says it is, or else the first one there is. One that is said before
 * a name stays: those behind it may be the name's. */
static void find_source(struct slice text, struct sign_in *found)
{
	const struct slice whole = text;
	struct words_before before = {SLICE_NONE, SLICE_NONE};
	struct slice token;
	struct sign_in here = {0};
	bool is_said = false;
	size_t name = text.len; /* from the first said one on */

	while ((token = next_token(&text)).len > 0) {
		if (take_source(token, &here)) {
			const size_t at = (size_t)(token.ptr - whole.ptr);
			here.name = name_before(&before, whole, token);
			bool said = !slice_absent(here.name) ||
				    is_one_of(before.last, from_words, ARRAY_LEN(from_words));

			if (slice_absent(here.port))
				here.port = port_behind(text);
			if (at < name && (said || (!is_said && slice_absent(found->address))))
				note_source(found, &here);
			if (said && !is_said)
				name = find_open_name(whole, at);
			is_said = is_said || said;
		}
		before.one_more = before.last;
		before.last = without_colon(token);
	}
}

/* "(X-Forwarded-For: 192.0.2.1, 192.0.2.2)": the first of them */
static struct slice find_client(struct slice text)
{
	static const struct slice header = {SLICE_BYTES("(X-Forwarded-For: ")};
	size_t at = slice_search(text, header);

	if (at == text.len)
		return SLICE_NONE;
	text = slice_from(text, at + header.len);
	text = slice_head(text, slice_find(text, ')'));
	return slice_head(text, slice_find(text, ','));
}

/* ---- with what -------------------------------------------------------------------------- */

/* "Mozilla/5.0", "curl/8.1": RFC 9110 section 10.1.5 */
static bool begins_agent(struct slice text)
{
	size_t len = 0;

	while (len < text.len && (is_name_byte(text.ptr[len]) || text.ptr[len] == '-'))
		len++;
	return len > 0 && len + 1 < text.len && text.ptr[len] == '/' &&
	       is_digit(text.ptr[len + 1]);
}

/* What stands in the brackets at the end, "... (Mozilla/5.0 (X11) Gecko)", "... [curl/8.1]". */
static struct slice find_agent(struct slice text)
{
	const char close = text.len > 0 ? text.ptr[text.len - 1] : '\0';
	const char open = close == ')' ? '(' : '[';

	if (close != ')' && close != ']')
		return SLICE_NONE;
	for (size_t at = 1; at + 2 < text.len; at++) {
		if (text.ptr[at] != open || text.ptr[at - 1] != ' ')
			continue;
		struct slice inside = slice_of(text.ptr + at + 1, text.len - at - 2);
		if (begins_agent(inside))
			return inside;
	}
	return SLICE_NONE;
}

/* ---- the object behind the words --------------------------------------------------------- */

/* "text {"username":"an","ip":"192.0.2.1"} []" of Monolog, "text\t{"user": "an"}" of zap: what
 * the logger put there, never a value inside of it, whose quotes are escaped. */
static struct slice tail_of(struct slice text)
{
	struct slice before, after;

	while (slice_ends(text, SLICE_LIT(" []")) || slice_ends(text, SLICE_LIT(" {}")))
		text.len -= 3;
	if (!slice_ends(text, SLICE_LIT("}")))
		return SLICE_NONE;
	if (!cut_last(text, SLICE_LIT("\t{\""), &before, &after) &&
		!cut_last(text, SLICE_LIT(" {\""), &before, &after))
		return SLICE_NONE;
	return slice_from(text, before.len + 1);
}

static void put_tail_value(
	struct record *record, struct parse_context *context, const struct pair *pair)
{
	switch (name_meaning_hashed(pair->name, pair->hash)) {
	case FIELD_USER_NAME:
		if (slice_absent(record_get(record, FIELD_USER_NAME)))
			put_some(record, context, FIELD_USER_NAME, pair->value);
		break;
	case FIELD_SOURCE_IP:
	case NAME_SOURCE:
		if (slice_absent(record_get(record, FIELD_SOURCE_IP)))
			put_endpoint(record, context, &endpoint_source, pair->value);
		break;
	default:
		break;
	}
}

/* Not where the words before it go on with a name that nobody knows the end of: it may be that
 * name's. CEF and LEEF have values of their own in context->pairs. */
static void put_tail(struct record *record, struct parse_context *context, struct slice text,
	struct slice plain)
{
	struct pairs *pairs = context->pairs;
	const struct slice tail = tail_of(text);

	if (slice_absent(tail) || pairs == NULL || pairs->form == PAIRS_CEF ||
		pairs->form == PAIRS_LEEF)
		return;
	const struct slice words_before = slice_head(plain, (size_t)(tail.ptr - text.ptr));
	if (find_open_name(words_before, 0) < words_before.len)
		return;
	pairs_read_json(pairs, tail, context->arena);
	for (unsigned i = 0; pairs->state == PAIRS_WHOLE && i < pairs->n; i++)
		put_tail_value(record, context, &pairs->items[i]);
}

/* ---- all of it -------------------------------------------------------------------------- */

static const struct meaning meanings[] = {
	[SIGN_IN_TRIED] = {.action = {SLICE_BYTES("application_login")},
		.category = {ECS_AUTHENTICATION},
		.type = {ECS_START}},
	[SIGN_IN_DONE] = {.action = {SLICE_BYTES("application_login")},
		.category = {ECS_AUTHENTICATION},
		.type = {ECS_START},
		.outcome = {ECS_SUCCESS}},
	[SIGN_IN_FAILED] = {.action = {SLICE_BYTES("application_login")},
		.category = {ECS_AUTHENTICATION},
		.type = {ECS_START},
		.outcome = {ECS_FAILURE}},
	[SIGN_IN_LOCKED] = {.action = {SLICE_BYTES("application_account_locked")},
		.category = {ECS_AUTHENTICATION},
		.type = {ECS_INFO},
		.outcome = {ECS_FAILURE}},
};

static void put_source(
	struct record *record, struct parse_context *context, const struct sign_in *found)
{
	if (slice_absent(found->address))
		return;
	put_only_address(record, context, FIELD_SOURCE_IP, found->address);
	put_some(record, context, FIELD_SOURCE_DOMAIN, found->name);
	if (!slice_absent(found->client))
		put_only_address(record, context, FIELD_CLIENT_IP, found->client);
	if (!slice_absent(found->port))
		put_digits(record, context, FIELD_SOURCE_PORT, found->port);
}

/* The same bytes of the text itself, which live on. */
static struct slice in_text(struct slice text, struct slice plain, struct slice part)
{
	return slice_absent(part) ? part
				  : slice_of(text.ptr + (part.ptr - plain.ptr), part.len);
}

static void find_all(struct slice text, struct slice plain, struct sign_in *found,
	bool has_user, bool has_source)
{
	if (!has_user)
		found->user = find_user(text, plain);
	if (has_source)
		return;
	find_source(plain, found);
	found->address = in_text(text, plain, found->address);
	found->port = in_text(text, plain, found->port);
	found->name = in_text(text, plain, found->name);
	found->client = find_client(text);
}

bool sign_in_take(struct record *record, struct parse_context *context, struct slice text)
{
	struct sign_in found = {0};
	char room[SIGN_IN_TEXT_MAX];
	bool is_cut = false; /* who it was may have called himself "agent: " */

	if (text.len > SIGN_IN_TEXT_MAX)
		text.len = SIGN_IN_TEXT_MAX;
	if (sign_in_outcome(text) == SIGN_IN_NONE)
		return false;
	const struct slice plain = plain_of(text, room, &is_cut);
	const enum sign_in_outcome outcome = outcome_of(plain);
	if (outcome == SIGN_IN_NONE)
		return false;
	put_tail(record, context, text, plain);
	const bool has_user = !slice_absent(record_get(record, FIELD_USER_NAME));
	const bool has_source = !slice_absent(record_get(record, FIELD_SOURCE_IP));
	find_all(text, plain, &found, has_user, has_source);
	if (!is_cut && !has_user && !has_source && slice_absent(found.user) &&
		slice_absent(found.address))
		return false;
	put_meaning(record, context, &meanings[outcome]);
	put_some(record, context, FIELD_USER_NAME, found.user);
	put_source(record, context, &found);
	if (slice_absent(record_get(record, FIELD_USER_AGENT_ORIGINAL)))
		put(record, context, FIELD_USER_AGENT_ORIGINAL, find_agent(text));
	return true;
}
