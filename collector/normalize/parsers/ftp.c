/*
 * ftp - vsftpd, ProFTPD, Pure-FTPd and the xferlog they all can write
 *
 *	Sat Mar  7 10:00:00 2026 [pid 812] [an] FAIL LOGIN: Client "203.0.113.9" vsftpd
 *	proftpd[8]: a.vn (203.0.113.9[203.0.113.9]) - USER an (Login failed): Incorrect password
 *	pure-ftpd: (?@203.0.113.9) [WARNING] Authentication failed for user [an]
 *	Sat Mar  7 10:00:00 2026 1 203.0.113.9 1234 /srv/a.pdf b _ o r an ftp 0 * c xferlog
 *
 * Names and paths are the client's; what follows them is the server's and stands last.
 */
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("ftp_login")}, .category = {ECS_AUTHENTICATION},        \
		.category2 = {ECS_NETWORK}, .type = {ECS_START}, .outcome = {                  \
			how                                                                    \
		}                                                                              \
	}
#define ON_FILE(what, kind, how)                                                               \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {ECS_FILE},                         \
		.category2 = {ECS_NETWORK}, .type = {kind}, .outcome = {                       \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning connected = MEANS("ftp_connected", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct meaning disconnected = MEANS("ftp_disconnected", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_END});
static const struct meaning downloaded = ON_FILE("ftp_download", ECS_ACCESS, ECS_SUCCESS);
static const struct meaning not_downloaded = ON_FILE("ftp_download", ECS_ACCESS, ECS_FAILURE);
static const struct meaning uploaded = ON_FILE("ftp_upload", ECS_CREATION, ECS_SUCCESS);
static const struct meaning not_uploaded = ON_FILE("ftp_upload", ECS_CREATION, ECS_FAILURE);
static const struct meaning deleted = ON_FILE("ftp_delete", ECS_DELETION, ECS_SUCCESS);
static const struct meaning not_deleted = ON_FILE("ftp_delete", ECS_DELETION, ECS_FAILURE);
static const struct meaning changed = ON_FILE("ftp_change", ECS_CHANGE, ECS_SUCCESS);
static const struct meaning not_changed = ON_FILE("ftp_change", ECS_CHANGE, ECS_FAILURE);
static const struct meaning noted = {.category = {ECS_NETWORK}, .type = {ECS_INFO}};

/* ---- vsftpd ----------------------------------------------------------------------------- */

#define FILE_OF "Client \"{source.ip}\", \"{file.path*}\""

static const struct phrase vsftpd_sentences[] = {
	{"CONNECT: Client \"{source.ip}\"[[, {}]]", &connected},
	{"[{user.name*}] OK LOGIN: Client \"{source.ip}\"[[, {}]]", &let_in},
	{"[{user.name*}] FAIL LOGIN: Client \"{source.ip}\"", &refused},
	{"[{user.name*}] OK DOWNLOAD: " FILE_OF ", {file.size} bytes, {}", &downloaded},
	{"[{user.name*}] FAIL DOWNLOAD: " FILE_OF ", {}", &not_downloaded},
	{"[{user.name*}] OK UPLOAD: " FILE_OF ", {file.size} bytes, {}", &uploaded},
	{"[{user.name*}] FAIL UPLOAD: " FILE_OF ", {}", &not_uploaded},
	{"[{user.name*}] OK DELETE: " FILE_OF, &deleted},
	{"[{user.name*}] FAIL DELETE: " FILE_OF, &not_deleted},
	{"[{user.name*}] OK RENAME: " FILE_OF, &changed},
	{"[{user.name*}] FAIL RENAME: " FILE_OF, &not_changed},
	{"[{user.name*}] OK MKDIR: " FILE_OF, &changed},
	{"[{user.name*}] FAIL MKDIR: " FILE_OF, &not_changed},
	{"[{user.name*}] OK RMDIR: " FILE_OF, &deleted},
	{"[{user.name*}] OK CHMOD: " FILE_OF, &changed},
	{"FTP command: Client \"{source.ip}\", \"{.command*}\"", &noted},
	{"FTP response: Client \"{source.ip}\", \"530 Permission denied.\"", &refused},
	{"FTP response: Client \"{source.ip}\", \"{.response*}\"", &noted},
	{"[{user.name*}] FTP command: Client \"{source.ip}\", \"{.command*}\"", &noted},
	{"[{user.name*}] FTP response: Client \"{source.ip}\", \"530 Permission denied.\"",
		&refused},
	{"[{user.name*}] FTP response: Client \"{source.ip}\", \"{.response*}\"", &noted},
	{"DEBUG: Client \"{source.ip}\", \"{}", &noted},
};
static struct phrases vsftpd_phrases = PHRASES(vsftpd_sentences);

/* "[pid 812] " */
static bool take_pid(struct slice *rest, struct slice *pid)
{
	return skip_lit(rest, "[pid ") && take_digits(rest, pid) && skip_lit(rest, "] ");
}

static enum parse_result read_vsftpd(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice pid;

	if (take_pid(&rest, &pid))
		put_digits(record, context, FIELD_PROCESS_PID, pid);
	put_over(record, context, FIELD_MESSAGE, rest);
	return phrases_put(&vsftpd_phrases, record, context, rest, &noted);
}

/* ---- xferlog ---------------------------------------------------------------------------- */

/* SECONDS HOST SIZE PATH a|b ACTIONS o|i|d r|a|g USER ftp 0|1 ID c|i, blanks in paths made '_'.
 */
static const struct phrase xferlog_sentences[] = {
	{"{.seconds+} {source+} {file.size} {file.path} {.type+} {.special+} o {.mode+} "
	 "{user.name+} {.service+} {.authentication+} {.account+} c",
		&downloaded},
	{"{.seconds+} {source+} {file.size} {file.path} {.type+} {.special+} o {.mode+} "
	 "{user.name+} {.service+} {.authentication+} {.account+} i",
		&not_downloaded},
	{"{.seconds+} {source+} {file.size} {file.path} {.type+} {.special+} i {.mode+} "
	 "{user.name+} {.service+} {.authentication+} {.account+} c",
		&uploaded},
	{"{.seconds+} {source+} {file.size} {file.path} {.type+} {.special+} i {.mode+} "
	 "{user.name+} {.service+} {.authentication+} {.account+} i",
		&not_uploaded},
	{"{.seconds+} {source+} {file.size} {file.path} {.type+} {.special+} d {.mode+} "
	 "{user.name+} {.service+} {.authentication+} {.account+} {}",
		&deleted},
};
static struct phrases xferlog_phrases = PHRASES(xferlog_sentences);

/* ---- ProFTPD ---------------------------------------------------------------------------- */

static const struct phrase proftpd_sentences[] = {
	{"USER {user.name*}: Login successful.", &let_in},
	{"USER {user.name*} (Login failed): {event.reason}", &refused},
	{"USER {user.name*}: no such user found from {} [{}] to {destination:}", &refused},
	{"Maximum login attempts ({}) exceeded{}", &refused},
	{"SECURITY VIOLATION: {event.reason}", &refused},
	{"Refused connection from {source} [{source.ip}]", &refused},
	{"FTP session opened.", &connected},
	{"FTP session closed.", &disconnected},
	{"FTP login timed out, disconnected", &disconnected},
	{"Connection from {source} [{source.ip}] denied{}", &refused},
	{"ProFTPD {service.version+} {}", &noted},
};
static struct phrases proftpd_phrases = PHRASES(proftpd_sentences);

/* "a.vn (203.0.113.9[203.0.113.9]) - text", or ": text" in a file of its own */
static enum parse_result read_proftpd(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice text = rest, head, name, address;

	if (take_until(&text, '(', &head) && take_until(&text, '[', &name) &&
		take_until(&text, ']', &address) &&
		(skip_lit(&text, ") - ") || skip_lit(&text, "): "))) {
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, address);
		rest = text;
	}
	return phrases_put(&proftpd_phrases, record, context, rest, &noted);
}

/* ---- Pure-FTPd -------------------------------------------------------------------------- */

static const struct phrase pureftpd_sentences[] = {
	{"[INFO] New connection from {source}", &connected},
	{"[WARNING] Authentication failed for user [{user.name*}]", &refused},
	{"[WARNING] Authentication failed for user [{user.name*}] {}", &refused},
	{"[INFO] {user.name*} is now logged in", &let_in},
	{"[INFO] Logout.", &disconnected},
	{"[INFO] Timeout - {}", &disconnected},
	{"[NOTICE] {file.path*} uploaded  ({file.size} bytes, {}", &uploaded},
	{"[NOTICE] {file.path*} downloaded  ({file.size} bytes, {}", &downloaded},
	{"[NOTICE] Deleted {file.path}", &deleted},
	{"[ERROR] {event.reason}", &noted},
};
static struct phrases pureftpd_phrases = PHRASES(pureftpd_sentences);

/* "(an@203.0.113.9) [INFO] text" */
static enum parse_result read_pureftpd(
	struct record *record, struct parse_context *context, struct slice rest)
{
	size_t end = slice_search(rest, SLICE_LIT(") ["));
	struct slice who = slice_head(rest, end), user, address;

	if (end == rest.len || !skip_byte(&who, '(') ||
		!cut_last(who, SLICE_LIT("@"), &user, &address))
		return phrases_put(&pureftpd_phrases, record, context, rest, &noted);
	rest = slice_from(rest, end + 2);
	enum parse_result result =
		phrases_put(&pureftpd_phrases, record, context, rest, &noted);
	if (slice_absent(record_get(record, FIELD_SOURCE_IP)))
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, address);
	if (!slice_eq(user, SLICE_LIT("?")) &&
		slice_absent(record_get(record, FIELD_USER_NAME)))
		put_some(record, context, FIELD_USER_NAME, user);
	return result;
}

/* ---- any of them ------------------------------------------------------------------------ */

/* "Sat Mar  7 10:00:00 2026 ", with one blank or two before the day */
static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	size_t short_by = rest->len > 26 && rest->ptr[9] == ' ';

	return rest->len > 26 && rest->ptr[3] == ' ' && rest->ptr[13 - short_by] == ':' &&
	       rest->ptr[19 - short_by] == ' ' && is_digit(rest->ptr[20 - short_by]) &&
	       rest->ptr[24 - short_by] == ' ' && take_stamp_any(rest, context, ns) &&
	       skip_byte(rest, ' ');
}

static enum parse_result read_file(
	struct record *record, struct parse_context *context, struct slice rest)
{
	if (slice_starts(rest, SLICE_LIT("[pid ")))
		return read_vsftpd(record, context, rest);
	return phrases_read(&xferlog_phrases, record, context, rest) ? PARSED : PARSED_NOT_MINE;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	enum parse_result result;
	int64_t ns = record->created_ns;

	if (take_time(&rest, context, &ns))
		result = read_file(record, context, rest);
	else if (slice_eq(context->program, SLICE_LIT("proftpd")))
		result = read_proftpd(record, context, rest);
	else if (slice_eq(context->program, SLICE_LIT("pure-ftpd")))
		result = read_pureftpd(record, context, rest);
	else if (slice_eq(context->program, SLICE_LIT("vsftpd")))
		result = read_vsftpd(record, context, rest);
	else
		result = PARSED_NOT_MINE;
	/* What PAM says in their names has a parser of its own. */
	if (result == PARSED_NOT_MINE || slice_starts(rest, SLICE_LIT("pam_")))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("ftp"));
	context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"vsftpd", "proftpd", "pure-ftpd", NULL};

const struct parser parser_ftp = {
	.number = 123,
	.roles = PARSER_ENVELOPE,
	.name = "ftp",
	.module = "ftp",
	.summary = "vsftpd, ProFTPD, Pure-FTPd, xferlog: log-ins and transfers",
	.source =
		"vsftpd 2.3 to 3.0, logging.c; ProFTPD 1.3, modules/mod_auth.c; Pure-FTPd 1.0, "
		"src/ftpd.c, messages_en.h; xferlog(5)",
	.programs = programs,
	.first_bytes = "SMTWF",
	.parse = parse,
};
