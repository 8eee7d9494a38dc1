/*
 * service-files - files that services write themselves, by the heads that are theirs alone
 *
 *	   812:20260307:100000.123 text                                  Zabbix
 *	[1772852400] SERVICE ALERT: web1;HTTP;CRITICAL;HARD;3;text        Nagios, Icinga 1
 *	[2026-03-07 10:00:00 +0700] warning/ApiListener: text             Icinga 2
 *	[20260307-10:00:00] [INFO ] text                                  xrdp
 *	[2026-03-07 10:00:00,123 +0700] 9b0a an a/1 LOGIN FROM 192.0.2.1  Gerrit
 *	[07/Mar/2026 10:00:00] text                                       Kerio Connect, Control
 *	E [07/Mar/2026:10:00:00 +0700] text                               CUPS
 *	Mar 07 10:00:00 sogod [812]: text                                 SOGo
 *	Mar 07 10:00:00 mod_c2s<TAB>warn<TAB>text                         Prosody
 *	1772852400: text                                                  Mosquitto
 *	2026.03.07 10:00:00 DEBUG web[AX][auth.event] text                SonarQube
 *	2026-03-07 10:00:00: (mod_auth.c.828) text                        lighttpd
 *	2026-03-07 10:00:00.123 [HUB "VPN"] text                          SoftEther
 *	2026-03-07T10:00:00.123+0700 7f00aabbccdd  0 text                 Ceph
 *	2026-03-07T10:00:00.123+07:00 [warning] msg: text, peername: ...  EMQX
 *	10:00:00.123 [thread] WARN  o.a.g.Logger - text                   Guacamole
 *	I0307 10:00:00.123456     812 server.go:63] text                  Kubernetes, klog
 *	10:00:00.123456789: Warning text (user=an ...)                    Falco
 *	"IMAPD"<TAB>812<TAB>1<TAB>"2026-03-07 10:00:00.123"<TAB>"192.0.2.1"<TAB>"text"
 *
 * The head names the program, or, where others begin their lines so, the text. Its words are
 *services.c's to know, or anybody's who reads the message of any program. A time of day alone
 *is of the day the line was received.
 */
#include <stdio.h>

#include "collector/normalize/families/device.h"
#include "collector/normalize/parsers/services.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

enum { WORD_MAX = 96 };

struct head {
	struct slice program;
	struct slice level, logger, thread, pid, source, protocol; /* or absent */
	int64_t ns;                                                /* CLOCK_NONE: none */
	bool is_vague; /* of ns: its day, or its year and zone, were guessed */
	/* Any program may begin its lines so: the text tells whether the service wrote it. */
	bool is_common;
};

/* ---- words of a head --------------------------------------------------------------------- */

static bool take_number(struct slice *rest, size_t len, struct slice *digits)
{
	struct slice at = *rest;

	if (!take_digits(&at, digits) || digits->len != len)
		return false;
	*rest = at;
	return true;
}

/* A word in capitals or small letters. */
static bool take_letters(struct slice *rest, struct slice *word)
{
	size_t len = 0;

	while (len < rest->len && len < WORD_MAX &&
		((rest->ptr[len] | 0x20) >= 'a' && (rest->ptr[len] | 0x20) <= 'z'))
		len++;
	*word = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return len > 0;
}

static bool take_within(struct slice *rest, char open, char close, struct slice *inside)
{
	struct slice at = *rest;

	if (!skip_byte(&at, open) || !take_until(&at, close, inside) || inside->len > WORD_MAX)
		return false;
	*rest = at;
	return true;
}

static bool take_inside_stamp(
	struct slice inside, const struct parse_context *context, int64_t *ns)
{
	return take_stamp_any(&inside, context, ns) && inside.len == 0;
}

/* ---- heads that begin with a digit or blanks --------------------------------------------- */

/* "   812:20260307:100000.123 ": process, date, time */
static bool take_zabbix(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice date, time, fraction;
	char stamp[32];

	skip_blanks(rest);
	if (!take_digits(rest, &head->pid) || !skip_byte(rest, ':') ||
		!take_number(rest, 8, &date) || !skip_byte(rest, ':') ||
		!take_number(rest, 6, &time) || !skip_byte(rest, '.') ||
		!take_number(rest, 3, &fraction) || !skip_byte(rest, ' '))
		return false;
	int len = snprintf(stamp, sizeof(stamp), "%.8s %.2s:%.2s:%.2s.%.3s", date.ptr, time.ptr,
		time.ptr + 2, time.ptr + 4, fraction.ptr);
	head->program = SLICE_LIT("zabbix");
	return take_inside_stamp(slice_of(stamp, (size_t)len), context, &head->ns);
}

/* "1772852400: " */
static bool take_mosquitto(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice seconds;

	(void)context;
	head->is_common = true;
	head->program = SLICE_LIT("mosquitto");
	return take_number(rest, 10, &seconds) && skip_lit(rest, ": ") &&
	       stamp_from_epoch(seconds, &head->ns);
}

/* "2026.03.07 10:00:00 DEBUG web[AX][auth.event] " */
static bool take_sonarqube(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice process, request;

	if (rest->len < 30 || rest->ptr[4] != '.' || rest->ptr[7] != '.' ||
		!take_stamp_any(rest, context, &head->ns) || !skip_byte(rest, ' ') ||
		!take_letters(rest, &head->level))
		return false;
	skip_blanks(rest);
	head->program = SLICE_LIT("sonarqube");
	return take_letters(rest, &process) && take_within(rest, '[', ']', &request) &&
	       take_within(rest, '[', ']', &head->logger) && skip_byte(rest, ' ');
}

/* "2026-03-07 10:00:00: (mod_auth.c.828) " */
static bool take_lighttpd(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	head->program = SLICE_LIT("lighttpd");
	return rest->len > 24 && rest->ptr[4] == '-' && rest->ptr[19] == ':' &&
	       take_stamp_any(rest, context, &head->ns) && skip_lit(rest, ": ") &&
	       take_within(rest, '(', ')', &head->logger) &&
	       slice_search(head->logger, SLICE_LIT(".c.")) < head->logger.len &&
	       skip_byte(rest, ' ');
}

static bool begins_softether(struct slice text)
{
	return slice_starts(text, SLICE_LIT("[HUB \"")) ||
	       slice_starts(text, SLICE_LIT("On the TCP Listener (Port ")) ||
	       slice_starts(text, SLICE_LIT("For the client (IP address: ")) ||
	       slice_starts(text, SLICE_LIT("Connection \"CID-")) ||
	       slice_starts(text, SLICE_LIT("Session \"SID-"));
}

/* "2026-03-07 10:00:00.123 [HUB "VPN"] " */
static bool take_softether(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	head->program = SLICE_LIT("softether");
	if (rest->len < 34 || rest->ptr[4] != '-' || rest->ptr[19] != '.' ||
		!begins_softether(slice_from(*rest, 24)) ||
		!take_stamp_any(rest, context, &head->ns) || !skip_byte(rest, ' '))
		return false;
	if (skip_lit(rest, "[HUB "))
		return take_within(rest, '"', '"', &head->logger) && skip_lit(rest, "] ");
	return true;
}

static bool is_thread_address(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		if (!is_digit(word.ptr[i]) && (word.ptr[i] < 'a' || word.ptr[i] > 'f'))
			return false;
	}
	return word.len >= 8 && word.len <= 16;
}

/* "2026-03-07T10:00:00.123+0700 7f00aabbccdd  0 ": thread and level of debugging */
static bool take_ceph(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice level;

	if (rest->len < 44 || rest->ptr[10] != 'T' || rest->ptr[19] != '.' ||
		!take_stamp_any(rest, context, &head->ns) || !skip_byte(rest, ' '))
		return false;
	head->program = SLICE_LIT("ceph");
	head->thread = take_word(rest);
	skip_blanks(rest);
	(void)skip_byte(rest, '-');
	return is_thread_address(head->thread) && take_digits(rest, &level) && level.len < 3 &&
	       skip_byte(rest, ' ');
}

/* "2026-03-07T10:00:00.123456+07:00 [warning] " before names and values with colons */
static bool take_emqx(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice text;

	if (rest->len < 40 || rest->ptr[10] != 'T' || rest->ptr[19] != '.' ||
		!take_stamp_any(rest, context, &head->ns) || !skip_lit(rest, " [") ||
		!take_letters(rest, &head->level) || !skip_lit(rest, "] "))
		return false;
	head->is_common = true;
	head->program = SLICE_LIT("emqx");
	text = slice_head(*rest, rest->len < 512 ? rest->len : 512);
	return slice_search(text, SLICE_LIT("msg: ")) < text.len;
}

/* "10:00:00.123 [main] WARN  o.a.g.r.auth.AuthenticationService - ": Logback's own pattern, of
 * Guacamole */
static bool take_guacamole(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	head->is_vague = true;
	if (!take_stamp_time(rest, context, &head->ns) || !skip_byte(rest, ' ') ||
		!take_within(rest, '[', ']', &head->thread) || !skip_byte(rest, ' ') ||
		!take_letters(rest, &head->level))
		return false;
	skip_blanks(rest);
	head->logger = take_word(rest);
	head->program = SLICE_LIT("guacamole");
	return slice_starts(head->logger, SLICE_LIT("o.a.g.")) && skip_lit(rest, " - ");
}

/* "10:00:00.123456789: " */
static bool begins_falco(struct slice text)
{
	enum { FRACTION = 9, FRACTION_LEN = 9 };

	return text.len > FRACTION + FRACTION_LEN && text.ptr[FRACTION - 1] == '.' &&
	       all_digits(slice_of(text.ptr + FRACTION, FRACTION_LEN)) &&
	       text.ptr[FRACTION + FRACTION_LEN] == ':';
}

static const char *const falco_levels[] = {"Emergency", "Alert", "Critical", "Error", "Warning",
	"Notice", "Informational", "Info", "Debug"};

/* "10:00:00.123456789: Warning " */
static bool take_falco(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	head->is_vague = true;
	if (!begins_falco(*rest) || !take_stamp_time(rest, context, &head->ns) ||
		!skip_lit(rest, ": ") || !take_letters(rest, &head->level) ||
		!skip_byte(rest, ' '))
		return false;
	head->program = SLICE_LIT("falco");
	for (size_t i = 0; i < ARRAY_LEN(falco_levels); i++) {
		if (slice_eq(head->level, slice_str(falco_levels[i])))
			return service_says(head->program, *rest);
	}
	return false;
}

/* ---- heads that begin with a bracket ----------------------------------------------------- */

/* Nagios 4: base/logging.c, notifications.c, checks.c, events.c */
static bool is_nagios_entry(struct slice text)
{
	static const struct slice words[] = {{SLICE_BYTES("SERVICE ALERT")},
		{SLICE_BYTES("HOST ALERT")}, {SLICE_BYTES("SERVICE NOTIFICATION")},
		{SLICE_BYTES("HOST NOTIFICATION")}, {SLICE_BYTES("SERVICE FLAPPING ALERT")},
		{SLICE_BYTES("HOST FLAPPING ALERT")}, {SLICE_BYTES("SERVICE DOWNTIME ALERT")},
		{SLICE_BYTES("HOST DOWNTIME ALERT")}, {SLICE_BYTES("SERVICE EVENT HANDLER")},
		{SLICE_BYTES("HOST EVENT HANDLER")},
		{SLICE_BYTES("GLOBAL SERVICE EVENT HANDLER")},
		{SLICE_BYTES("GLOBAL HOST EVENT HANDLER")}, {SLICE_BYTES("EXTERNAL COMMAND")},
		{SLICE_BYTES("PASSIVE SERVICE CHECK")}, {SLICE_BYTES("PASSIVE HOST CHECK")},
		{SLICE_BYTES("CURRENT SERVICE STATE")}, {SLICE_BYTES("CURRENT HOST STATE")},
		{SLICE_BYTES("INITIAL SERVICE STATE")}, {SLICE_BYTES("INITIAL HOST STATE")},
		{SLICE_BYTES("LOG ROTATION")}, {SLICE_BYTES("LOG VERSION")},
		{SLICE_BYTES("TIMEPERIOD TRANSITION")}};
	struct slice word = slice_head(text, slice_find(text, ':'));

	for (size_t i = 0; i < ARRAY_LEN(words) && word.len < text.len; i++) {
		if (slice_eq(words[i], word))
			return true;
	}
	return false;
}

/* "[1772852400] " before a word with a capital */
static bool take_nagios(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice seconds;

	(void)context;
	head->program = SLICE_LIT("nagios");
	if (!take_within(rest, '[', ']', &seconds) || seconds.len != 10 ||
		!all_digits(seconds) || !stamp_from_epoch(seconds, &head->ns) ||
		!skip_byte(rest, ' '))
		return false;
	head->is_common = !is_nagios_entry(*rest);
	return rest->len > 0 && rest->ptr[0] >= 'A' && rest->ptr[0] <= 'Z';
}

/* "[2026-03-07 10:00:00 +0700] warning/ApiListener: " */
static bool take_icinga(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice inside;

	if (rest->len < 40 || rest->ptr[5] != '-' || rest->ptr[26] != ']' ||
		!take_within(rest, '[', ']', &inside) ||
		!take_inside_stamp(inside, context, &head->ns) || !skip_byte(rest, ' ') ||
		!take_letters(rest, &head->level) || !skip_byte(rest, '/') ||
		!take_until(rest, ':', &head->logger))
		return false;
	head->program = SLICE_LIT("icinga2");
	return head->logger.len < WORD_MAX &&
	       slice_find(head->logger, ' ') == head->logger.len && skip_byte(rest, ' ');
}

/* "[20260307-10:00:00] [INFO ] " */
static bool take_xrdp(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice inside, level;
	char stamp[20];

	if (rest->len < 30 || rest->ptr[9] != '-' || rest->ptr[18] != ']' ||
		!take_within(rest, '[', ']', &inside) || inside.len != 17 ||
		!skip_byte(rest, ' ') || !take_within(rest, '[', ']', &level) ||
		!skip_byte(rest, ' '))
		return false;
	head->is_common = true;
	head->program = SLICE_LIT("xrdp");
	head->level = slice_trim(level);
	memcpy(stamp, inside.ptr, inside.len);
	stamp[8] = ' ';
	return take_inside_stamp(slice_of(stamp, inside.len), context, &head->ns);
}

/* "[2026-03-07 10:00:00,123 +0700] 9b0ac1d2 " before a user and an account */
static bool take_gerrit(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice inside, session;

	if (rest->len < 44 || rest->ptr[5] != '-' || rest->ptr[20] != ',' ||
		!take_within(rest, '[', ']', &inside) ||
		!take_inside_stamp(inside, context, &head->ns) || !skip_byte(rest, ' '))
		return false;
	head->program = SLICE_LIT("gerrit");
	session = take_word(rest);
	if (session.len != 8 || !is_thread_address(session) || !skip_byte(rest, ' '))
		return false;
	if (take_within(rest, '[', ']', &head->thread))
		skip_blanks(rest);
	return true;
}

/* "[07/Mar/2026 10:00:00] " */
static bool take_kerio(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice inside;

	head->program = SLICE_LIT("kerio");
	return rest->len > 24 && rest->ptr[3] == '/' && rest->ptr[12] == ' ' &&
	       take_within(rest, '[', ']', &inside) &&
	       take_inside_stamp(inside, context, &head->ns) && skip_byte(rest, ' ') &&
	       service_says(head->program, *rest);
}

/* ---- heads that begin with a letter or a quote ------------------------------------------- */

/* "E [07/Mar/2026:10:00:00 +0700] " */
static bool take_cups(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice inside;

	if (rest->len < 32 || rest->ptr[1] != ' ' || rest->ptr[2] != '[' || rest->ptr[5] != '/')
		return false;
	head->is_common = true;
	head->program = SLICE_LIT("cupsd");
	head->level = slice_head(*rest, 1);
	*rest = slice_from(*rest, 2);
	return take_within(rest, '[', ']', &inside) &&
	       take_stamp_clf(&inside, context, &head->ns) && skip_byte(rest, ' ');
}

/* "Mar 07 10:00:00 sogod [812]: " */
static bool take_sogo(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	if (rest->len < 28 || memcmp(rest->ptr + 15, " sogod [", 8) != 0 ||
		!take_stamp_bsd(rest, context, &head->ns) || !skip_lit(rest, " sogod "))
		return false;
	head->program = SLICE_LIT("sogod");
	return take_within(rest, '[', ']', &head->pid) && skip_lit(rest, ": ");
}

/* "Mar 07 10:00:00 mod_c2s\twarn\t" */
static bool take_prosody(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	if (rest->len < 28 || rest->ptr[3] != ' ' || rest->ptr[9] != ':' ||
		slice_find(slice_head(*rest, rest->len < 64 ? rest->len : 64), '\t') >= 64 ||
		!take_stamp_bsd(rest, context, &head->ns) || !skip_byte(rest, ' ') ||
		!take_until(rest, '\t', &head->logger) ||
		slice_find(head->logger, ' ') < head->logger.len)
		return false;
	head->program = SLICE_LIT("prosody");
	return take_letters(rest, &head->level) && skip_byte(rest, '\t');
}

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* "I0307 10:00:00.123456     812 server.go:63] ": glog, klog; the year is not said */
static bool take_klog(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice day, time;
	char stamp[32];

	if (rest->len < 30 || memchr("IWEF", rest->ptr[0], 4) == NULL || rest->ptr[5] != ' ' ||
		rest->ptr[8] != ':')
		return false;
	head->level = slice_head(*rest, 1);
	head->is_vague = true;
	*rest = slice_from(*rest, 1);
	if (!take_number(rest, 4, &day) || !skip_byte(rest, ' '))
		return false;
	const int month = (day.ptr[0] - '0') * 10 + day.ptr[1] - '0';
	time = take_word(rest);
	if (month < 1 || month > 12 || time.len != 15)
		return false;
	int len = snprintf(stamp, sizeof(stamp), "%.3s %.2s %.15s", months + (month - 1) * 3,
		day.ptr + 2, time.ptr);
	skip_blanks(rest);
	return take_inside_stamp(slice_of(stamp, (size_t)len), context, &head->ns) &&
	       take_digits(rest, &head->pid) && skip_byte(rest, ' ') &&
	       take_until(rest, ']', &head->logger) &&
	       slice_find(head->logger, ' ') == head->logger.len && skip_byte(rest, ' ');
}

/* A value between quotes, and the tab behind it. */
static bool take_column(struct slice *rest, struct slice *value)
{
	struct slice at = *rest, inside;

	if (!take_within(&at, '"', '"', &inside) || !skip_byte(&at, '\t'))
		return false;
	*value = inside;
	*rest = at;
	return true;
}

/* "\"IMAPD\"\t812\t1\t\"2026-03-07 10:00:00.123\"\t\"192.0.2.1\"\t": the session may lack */
static bool take_hmailserver(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice digits, stamp;

	if (!take_column(rest, &head->protocol) || !take_digits(rest, &digits) ||
		!skip_byte(rest, '\t'))
		return false;
	head->thread = digits;
	if (take_digits(rest, &digits) && !skip_byte(rest, '\t'))
		return false;
	if (!take_column(rest, &stamp) || !take_inside_stamp(stamp, context, &head->ns))
		return false;
	(void)take_column(rest, &head->source);
	head->program = SLICE_LIT("hmailserver");
	if (slice_ends(head->protocol, SLICE_LIT("D")))
		head->protocol.len--; /* "IMAPD" */
	if (!skip_byte(rest, '"'))
		return false;
	if (rest->len > 0 && rest->ptr[rest->len - 1] == '"')
		rest->len--;
	return true;
}

/* ---- any of them ------------------------------------------------------------------------- */

static bool (*const of_digits[])(struct slice *, const struct parse_context *,
	struct head *) = {take_zabbix, take_mosquitto, take_sonarqube, take_lighttpd,
	take_softether, take_ceph, take_emqx, take_guacamole, take_falco};
static bool (*const of_brackets[])(struct slice *, const struct parse_context *,
	struct head *) = {take_nagios, take_icinga, take_xrdp, take_gerrit, take_kerio};
static bool (*const of_others[])(struct slice *, const struct parse_context *,
	struct head *) = {take_cups, take_sogo, take_prosody, take_hmailserver, take_klog};

static bool read_head(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	const struct head none = {.ns = CLOCK_NONE};
	const char first = rest->len > 0 ? rest->ptr[0] : '\0';
	const bool digit = is_digit(first) || first == ' ', bracket = first == '[';
	bool (*const *takes)(struct slice *, const struct parse_context *, struct head *) =
		digit     ? of_digits
		: bracket ? of_brackets
			  : of_others;
	const size_t n = digit     ? ARRAY_LEN(of_digits)
			 : bracket ? ARRAY_LEN(of_brackets)
				   : ARRAY_LEN(of_others);

	for (size_t i = 0; i < n; i++) {
		struct slice at = *rest;

		*head = none;
		if (takes[i](&at, context, head)) {
			*rest = at;
			return true;
		}
	}
	return false;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	struct head head;

	if (!read_head(&rest, context, &head))
		return PARSED_NOT_MINE;
	if (head.is_common && !service_says(head.program, rest))
		head.program = SLICE_NONE;
	if (head.ns != CLOCK_NONE && !(head.is_vague && record->created_ns != CLOCK_NONE))
		record->created_ns = head.ns;
	if (!slice_absent(head.program))
		put_outer(record, context, FIELD_PROCESS_NAME, head.program);
	put_some(record, context, FIELD_LOG_LEVEL, head.level);
	put_some(record, context, FIELD_LOG_LOGGER, head.logger);
	put_some(record, context, FIELD_PROCESS_THREAD_NAME, head.thread);
	if (!slice_absent(head.pid))
		put_digits(record, context, FIELD_PROCESS_PID, head.pid);
	if (!slice_absent(head.source))
		put_only_address(record, context, FIELD_SOURCE_IP, head.source);
	if (!slice_absent(head.protocol))
		put_lower(record, context, FIELD_NETWORK_PROTOCOL, head.protocol);
	put_over(record, context, FIELD_MESSAGE, rest);
	if (!slice_absent(head.program))
		context->program = head.program;
	context->message = rest;
	return PARSED_PARTLY;
}

const struct parser parser_service_files = {
	.number = 146,
	.roles = PARSER_ENVELOPE,
	.name = "service-files",
	.module = "services",
	.summary =
		"files of Zabbix, Nagios, Icinga, xrdp, Gerrit, Kerio, CUPS, SOGo, Prosody, "
		"Mosquitto, SonarQube, lighttpd, SoftEther, Ceph, EMQX, Guacamole, hMailServer",
	.source =
		"Zabbix src/libs/zbxlog; Nagios 4 logging.c; Icinga 2 FileLogger; xrdp log.c; "
		"Gerrit sshd_log; Kerio Connect Logs; CUPS error_log; SOGo, Prosody and "
		"Mosquitto file logs; SonarQube server logs; lighttpd server.errorlog; "
		"SoftEther server log; Ceph debug log; EMQX text formatter; Logback's default "
		"pattern; Falco stdout_output; hMailServer log",
	.first_bytes = FIRST_BYTES_DIGITS " [\"EWDINCAXJFMSO",
	.digits = DIGITS(ISO_T) | DIGITS(ISO_BLANK) | DIGITS(YEAR) | DIGITS(RUN) | DIGITS(REST),
	.parse = parse,
};
