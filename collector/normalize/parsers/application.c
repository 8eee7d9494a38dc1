/*
 * application - lines of programs that write their own files, whatever their head looks like
 *
 *	[2026-03-07 10:00:00.123 +07:00] [INF] [79] Vn.Gov.App: text                 Serilog
 *	2026-03-07 10:00:00.1234|INFO|Vn.Gov.App|text                               NLog
 *	[2026-03-07 10:00:00] local.WARNING: text                                   Monolog
 *	I, [2026-03-07T10:00:00.678079 #812]  INFO -- : text                         Ruby
 *	[Nest] 7  - 03/07/2026, 10:00:00 AM    WARN [AuthService] text              Node
 *	2026/03/07 10:00:00.233208 [error] text                                     Go
 *	2026-03-07 10:00:00,644 812 INFO db vn.gov.App: text                        Odoo
 *	WARN: [Mar  7 10:00:00.643] text
 *	10:00:00.123 [main] WARN  vn.gov.App - text                                 Logback
 *	2026-03-07 10:00:00.123 | WARNING  | vn.gov.app:login:42 - text              Loguru
 *	(N) 2026-03-07T10:00:00 - text                                        qBittorrent
 *	WARNING:vn.gov.app:text                                               Python
 *	03/07/26 10:00:00.123456 web_php[812].ERR [203.0.113.9] [text] at FILE line 8 ZoneMinder
 *	2026-03-07 10:00:00.123456 [NOTICE] [812] [203.0.113.9:4711-5#portal] text    LiteSpeed
 *
 * A head is a stamp, a level, and in brackets or between strokes a number, an address, who
 * says it. It is asked last of all, and claims a line with a stamp and a level, or with a stamp
 * and words of a sign-in; of those without a stamp Python's.
 */
#include "collector/normalize/families/sign_in.h"
#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

enum { HEAD_ITEMS_MAX = 10, HEAD_MAX = 256, WORD_MAX = 96 };

struct head {
	struct slice level, logger, thread, pid, peer;
	int64_t ns; /* CLOCK_NONE: no stamp yet */
	bool time_only;
	struct slice text;
};

/* As ECS users write them; the short ones are Serilog's and .NET's. */
static const char *const levels[] = {"INFO", "WARN", "WARNING", "ERROR", "DEBUG", "TRACE",
	"FATAL", "CRITICAL", "NOTICE", "ALERT", "EMERGENCY", "SEVERE", "SECURITY", "AUDIT",
	"INFORMATION", "VERBOSE", "PANIC", "INF", "WRN", "ERR", "DBG", "FTL", "VRB", "CRIT",
	"FAIL", "DBUG", "TRCE", NULL};

static bool is_level(struct slice word)
{
	for (size_t i = 0; levels[i] != NULL; i++) {
		if (slice_eq_nocase(word, slice_str(levels[i])))
			return true;
	}
	return false;
}

static bool is_word_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
	       byte == '_' || byte == '.' || byte == '$' || byte == '/' || byte == '-';
}

static struct slice word_at(struct slice text)
{
	size_t len = 0;

	while (len < text.len && len < WORD_MAX && is_word_byte(text.ptr[len]))
		len++;
	return slice_head(text, len);
}

static void skip_separators(struct slice *rest)
{
	while (rest->len > 0 && memchr(" \t|:,-", rest->ptr[0], 6) != NULL)
		*rest = slice_from(*rest, 1);
}

/* "WARN", "local.WARNING": the level, and who has it in front of it. */
static bool take_level(struct head *head, struct slice *rest)
{
	struct slice word = word_at(*rest), channel, level;
	size_t len = word.len;

	if (!slice_absent(head->level))
		return false;
	while (word.len > 0 && (word.ptr[word.len - 1] == '-' || word.ptr[word.len - 1] == '.'))
		word.len--, len--;
	if (is_level(word)) {
		level = word;
		channel = SLICE_NONE;
	} else if (!cut_last(word, SLICE_LIT("."), &channel, &level) || !is_level(level)) {
		return false;
	}
	if (len < rest->len && memchr(" \t|:],-)", rest->ptr[len], 8) == NULL)
		return false;
	head->level = level;
	if (channel.len > 0)
		head->logger = channel;
	*rest = slice_from(*rest, len);
	return true;
}

static bool take_stamp(
	struct head *head, const struct parse_context *context, struct slice *rest)
{
	if (head->ns != CLOCK_NONE)
		return false;
	if (take_stamp_any(rest, context, &head->ns))
		return true;
	head->time_only = take_stamp_time(rest, context, &head->ns);
	return head->time_only;
}

static bool is_name(struct slice word)
{
	return word.len > 1 && word_at(word).len == word.len && !all_digits(word);
}

/* "192.0.2.1:4711", "2001:db8::1" and what a server knows of the connection behind it:
 * "192.0.2.1:4711:HTTP2-41#portal". SLICE_NONE when it is no address. */
static struct slice peer_of(struct slice inside)
{
	struct slice host, port;
	size_t len = 0;

	if (is_address(inside))
		return inside;
	while (len < inside.len &&
		(is_digit(inside.ptr[len]) || memchr(".:[]abcdefABCDEF", inside.ptr[len], 16)))
		len++;
	if (len < inside.len && memchr(":-# ", inside.ptr[len], 4) == NULL && len > 0 &&
		inside.ptr[len - 1] != ':')
		return SLICE_NONE;
	while (len > 0 && inside.ptr[len - 1] == ':')
		len--;
	inside.len = len;
	if (cut_last(inside, SLICE_LIT(":"), &host, &port) && all_digits(port) &&
		is_address(host) && (host.ptr[0] == '[' || slice_find(host, '.') < host.len))
		return inside;
	return is_address(inside) ? inside : SLICE_NONE;
}

/* What stands in brackets, when it is neither a stamp nor a level. */
static void note_bracket(struct head *head, struct slice inside)
{
	const struct slice peer = slice_absent(head->peer) ? peer_of(inside) : SLICE_NONE;

	if (all_digits(inside) && slice_absent(head->pid))
		head->pid = inside;
	else if (!slice_absent(peer))
		head->peer = peer;
	else if (slice_absent(head->logger) && is_name(inside))
		head->logger = inside;
}

/* "[Login denied for user an]": a thread's name has no two blanks. */
static bool is_sentence(struct slice inside)
{
	struct slice behind = slice_from(inside, slice_find(inside, ' '));

	return behind.len > 1 && slice_find(slice_from(behind, 1), ' ') < behind.len - 1;
}

/* "[error]", "[2026-03-07T10:00:00 #812]", "[ERROR|auth|L83]", "(MainThread)" */
static bool take_bracket(
	struct head *head, const struct parse_context *context, struct slice *rest)
{
	struct slice at = *rest, inside, behind;
	const char close = at.len > 0 && at.ptr[0] == '(' ? ')' : ']';

	if (at.len == 0 || (at.ptr[0] != '[' && at.ptr[0] != '('))
		return false;
	at = slice_from(at, 1);
	if (!take_until(&at, close, &inside) || inside.len > WORD_MAX)
		return false;
	behind = inside = slice_trim(inside);
	if (take_stamp(head, context, &behind)) {
		skip_blanks(&behind);
		if (skip_byte(&behind, '#') && all_digits(behind))
			head->pid = behind;
	} else if (take_level(head, &behind)) {
		skip_separators(&behind);
		if (slice_absent(head->logger))
			head->logger = word_at(behind);
	} else if (is_sentence(inside)) {
		return false;
	} else {
		note_bracket(head, inside);
	}
	*rest = at;
	return true;
}

/* "web_php[812].ERR": who says it, and the number of the process */
static bool take_program(struct head *head, struct slice *rest)
{
	struct slice word = word_at(*rest), at = slice_from(*rest, word.len), digits;

	if (!slice_absent(head->logger) || !slice_absent(head->pid) || !is_name(word) ||
		!skip_byte(&at, '[') || !take_digits(&at, &digits) || digits.len > 10 ||
		!skip_byte(&at, ']') || at.len == 0 || memchr(".: ", at.ptr[0], 3) == NULL)
		return false;
	head->logger = word;
	head->pid = digits;
	*rest = slice_from(at, 1);
	return true;
}

/* "812 " behind a stamp or a name */
static bool take_pid(struct head *head, struct slice *rest)
{
	struct slice at = *rest, digits;

	if ((head->ns == CLOCK_NONE && slice_absent(head->logger)) ||
		!slice_absent(head->pid) || !take_digits(&at, &digits) || digits.len > 10 ||
		at.len == 0 || at.ptr[0] != ' ')
		return false;
	head->pid = digits;
	*rest = at;
	return true;
}

/* "vn.gov.App - " of Logback, behind a thread in brackets; "vn.gov.app:login:42 - " of Loguru
 */
static bool take_place(struct head *head, struct slice word, struct slice *rest)
{
	struct slice at = slice_from(*rest, word.len), function, line;

	if (skip_byte(&at, ':')) {
		function = word_at(at);
		at = slice_from(at, function.len);
		if (function.len == 0 || !skip_byte(&at, ':') || !take_digits(&at, &line))
			return false;
	} else if (slice_find(word, '.') == word.len) {
		return false;
	}
	if (!skip_lit(&at, " - "))
		return false;
	head->thread = head->logger;
	head->logger = word;
	*rest = at;
	return true;
}

/* "vn.gov.App: ", "|Query   |": who says it, behind the level. */
static bool take_logger(struct head *head, struct slice *rest, bool between_strokes)
{
	struct slice word = word_at(*rest), at = slice_from(*rest, word.len);

	if (slice_absent(head->level) || !is_name(word))
		return false;
	if (take_place(head, word, rest))
		return true;
	if (!slice_absent(head->logger))
		return false;
	if (between_strokes) {
		skip_blanks(&at);
		if (!skip_byte(&at, '|'))
			return false;
	} else if (slice_find(word, '.') == word.len || !skip_lit(&at, ": ")) {
		return false;
	}
	head->logger = word;
	*rest = at;
	return true;
}

/* "I, " of Ruby */
static void skip_initial(struct slice *rest)
{
	if (rest->len > 3 && rest->ptr[1] == ',' && rest->ptr[2] == ' ' &&
		memchr("DIWEFA", rest->ptr[0], 6) != NULL)
		*rest = slice_from(*rest, 3);
}

static bool read_head(struct head *head, const struct parse_context *context, struct slice text)
{
	struct slice rest = text;

	head->ns = CLOCK_NONE;
	skip_initial(&rest);
	for (unsigned i = 0; i < HEAD_ITEMS_MAX && text.len - rest.len < HEAD_MAX; i++) {
		const bool stroke = rest.ptr > text.ptr && rest.ptr[-1] == '|';
		struct slice before = rest;

		skip_separators(&rest);
		const bool strokes =
			stroke || slice_find(slice_head(before, before.len - rest.len), '|') <
					  before.len - rest.len;
		if (!take_stamp(head, context, &rest) && !take_level(head, &rest) &&
			!take_bracket(head, context, &rest) && !take_pid(head, &rest) &&
			!take_program(head, &rest) && !take_logger(head, &rest, strokes))
			break;
	}
	skip_separators(&rest);
	head->text = rest;
	return head->ns != CLOCK_NONE;
}

/* "WARNING:vn.gov.auth:text", of Python's logging that nobody has set up: no stamp */
static bool read_python(struct head *head, const struct record *record, struct slice rest)
{
	static const char *const names[] = {
		"WARNING:", "ERROR:", "CRITICAL:", "INFO:", "DEBUG:"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct slice at = rest;

		if (!skip_text(&at, slice_str(names[i])))
			continue;
		head->level = slice_of(rest.ptr, rest.len - at.len - 1);
		head->logger = word_at(at);
		at = slice_from(at, head->logger.len);
		head->text = at;
		head->ns = record->created_ns;
		return head->logger.len > 0 && skip_byte(&head->text, ':') &&
		       head->text.len > 0;
	}
	return false;
}

static void put_head(
	struct record *record, struct parse_context *context, const struct head *head)
{
	if (!head->time_only || record->created_ns == CLOCK_NONE)
		record->created_ns = head->ns;
	put_some(record, context, FIELD_LOG_LEVEL, head->level);
	put_some(record, context, FIELD_LOG_LOGGER, head->logger);
	put_some(record, context, FIELD_PROCESS_THREAD_NAME, head->thread);
	if (!slice_absent(head->pid))
		put_digits(record, context, FIELD_PROCESS_PID, head->pid);
	put_over(record, context, FIELD_MESSAGE, head->text);
}

static const struct meaning login_refused = MEANS("web_login", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {ECS_FAILURE});
static const struct meaning token_made = MEANS("token_created",
	.category = {ECS_AUTHENTICATION}, .type = {ECS_INFO}, .outcome = {ECS_SUCCESS});

static const struct meaning audited = {.category = {ECS_WEB}, .type = {ECS_INFO}};

/* ZoneMinder 1.34 to 1.36, web/includes/auth.php, logged by Logger.php; Firefly III 6,
 * Support/Logging/AuditProcessor.php, whose messages may mean a sign-in. */
static const struct phrase known_sentences[] = {
	{"AUDIT: MFA failure count is set to {}. ({source.ip} ({user.name*}) -> "
	 "{http.request.method}:{url})",
		&login_refused},
	{"AUDIT: {*} ({source.ip} -> {http.request.method}:{url})", NULL},
	{"[Could not retrieve user {user.name*} details] at {}", &login_refused},
	{"[Login denied for user \"{user.name*}\"] at {}", &login_refused},
	{"[Unable to authenticate user. {event.reason*}] at {}", &login_refused},
	{"[Creating token for \"{user.name*}\"] at {}", &token_made},
};
static struct phrases known = PHRASES(known_sentences);

static bool read_known(
	struct record *record, struct parse_context *context, const struct head *head)
{
	if (!slice_starts(head->text, SLICE_LIT("[")) &&
		!slice_starts(head->text, SLICE_LIT("AUDIT: ")))
		return false;
	const struct phrase *phrase = phrases_read(&known, record, context, head->text);
	if (phrase == NULL)
		return false;
	if (phrase->meaning == NULL && !sign_in_take(record, context, head->text))
		put_meaning(record, context, &audited);
	if (!slice_absent(head->peer))
		put_endpoint(record, context, &endpoint_source, head->peer);
	context->message = SLICE_NONE;
	return true;
}

/* "WARN: [Mar  7 10:00:00.643]": a level shorter than the longest stands on the right, " WARN".
 */
static void skip_padding(struct slice *line)
{
	if (line->len > 1 && line->ptr[0] == ' ' && line->ptr[1] != ' ')
		*line = slice_from(*line, 1);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct head head = {0};
	struct slice line = context->message;

	skip_padding(&line);

	if (!read_head(&head, context, line)) {
		head = (struct head){0};
		if (!read_python(&head, record, line))
			return PARSED_NOT_MINE;
	}
	put_head(record, context, &head);
	if (read_known(record, context, &head))
		return PARSED;
	if (sign_in_outcome(head.text) != SIGN_IN_NONE)
		line = head.text; /* no names of the head */
	const bool says = sign_in_outcome(line) != SIGN_IN_NONE;
	if (says && !slice_absent(head.peer))
		put_endpoint(record, context, &endpoint_source, head.peer);
	if (says && sign_in_take(record, context, line)) {
		context->message = SLICE_NONE;
		return PARSED;
	}
	context->message = head.text; /* it may be pairs or JSON */
	return slice_absent(head.level) ? PARSED_NOT_MINE : PARSED_PARTLY;
}

const struct parser parser_application = {
	.number = 51,
	.roles = PARSER_ENVELOPE,
	.name = "application",
	.module = "application",
	.summary =
		"a stamp, a level and words in any order: programs with log files of their own",
	.source = "Serilog, NLog, Monolog, Ruby Logger, Go log, Nest, Odoo and others",
	.first_bytes = FIRST_BYTES_DIGITS " ([<ADEFINSTVWadefinstvw",
	.parse = parse,
};
