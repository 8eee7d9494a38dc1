/*
 * nas - Synology DSM and QNAP QTS
 *
 *	Connection: User [an] from [203.0.113.9] failed to log in via [DSM] due to authorization
 *		failure.                                                           DSM
 *	WinFileService Event: delete, Path: /ho-so/a.docx, File/Folder: File, Size: 12 KB,
 *		User: an, IP: 203.0.113.9                                          DSM
 *	qlogd[8]: conn log: Users: an, Source IP: 203.0.113.9, Computer name: ---, Connection
 *		type: HTTP, Accessed resources: Administration, Action: Login Fail QTS
 */
#include "collector/normalize/text/phrases.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("nas_login")}, .category = {ECS_AUTHENTICATION},        \
		.category2 = {ECS_NETWORK}, .type = {ECS_START}, .outcome = {                  \
			how                                                                    \
		}                                                                              \
	}
#define ON_FILE(what, kind)                                                                    \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {ECS_FILE}, .type = { kind }        \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning logged_out = MEANS("nas_logout", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_NETWORK}, .type = {ECS_END});
static const struct meaning blocked =
	MEANS("brute_force_throttled", .category = {ECS_AUTHENTICATION},
		.category2 = {ECS_INTRUSION_DETECTION}, .type = {ECS_DENIED});
static const struct meaning account = MEANS(
	"account_changed", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_CHANGE});
static const struct meaning read_file = ON_FILE("file_read", ECS_ACCESS);
static const struct meaning written = ON_FILE("file_written", ECS_CHANGE);
static const struct meaning created = ON_FILE("file_created", ECS_CREATION);
static const struct meaning deleted = ON_FILE("file_deleted", ECS_DELETION);
static const struct meaning renamed = ON_FILE("file_renamed", ECS_CHANGE);
static const struct meaning noted = {.category = {ECS_HOST}, .type = {ECS_INFO}};

/* Paths and names hold commas: what DSM writes behind them is the last of its kind. */
#define DSM_FILE                                                                               \
	"Path: {file.path*}, File/Folder: {.kind}, Size: {.size}, User: {user.name*}, IP: "    \
	"{source}"
#define QTS_HEAD                                                                               \
	"conn log: Users: {user.name*}, Source IP: {source.ip}, Computer name: {.computer}, "

static const struct phrase sentences[] = {
	/* DSM 5 to 7 */
	{"User [{user.name*}] from [{source}] failed to log in via [{.service}] due to "
	 "{event.reason}",
		&refused},
	{"User [{user.name*}] from [{source}] failed to sign in to [{.service}] via "
	 "[{.method}] "
	 "due to {event.reason}",
		&refused},
	{"User [{user.name*}] from [{source}] failed to log in via [{.service}]{}", &refused},
	{"User [{user.name*}] from [{source}] logged in successfully via [{.service}].",
		&let_in},
	{"User [{user.name*}] from [{source}] signed in to [{.service}] successfully via "
	 "[{.method}].",
		&let_in},
	{"User [{user.name*}] from [{source}] via [{.service}] accessed shared folder "
	 "[{file.path}].",
		&let_in},
	{"User [{user.name*}] from [{source}] logged out the server via [{.service}]{}",
		&logged_out},
	{"User [{user.name*}] logged out {}from [{source}] {}", &logged_out},
	{"Host [{source}] was blocked via [{.service}].", &blocked},
	{"Host [{source}] was blocked via {.service}.", &blocked},
	{"System successfully created User [{user.target.name*}].", &account},
	{"System successfully deleted User [{user.target.name*}].", &account},
	{"Event: read, " DSM_FILE, &read_file},
	{"Event: download, " DSM_FILE, &read_file},
	{"Event: write, " DSM_FILE, &written},
	{"Event: upload, " DSM_FILE, &created},
	{"Event: create, " DSM_FILE, &created},
	{"Event: mkdir, " DSM_FILE, &created},
	{"Event: delete, " DSM_FILE, &deleted},
	{"Event: rename, Path: {file.path*} -> {file.target_path*}, File/Folder: {.kind}, "
	 "Size: "
	 "{.size}, User: {user.name*}, IP: {source}",
		&renamed},
	{"Event: move, Path: {file.path*} -> {file.target_path*}, File/Folder: {.kind}, Size: "
	 "{.size}, User: {user.name*}, IP: {source}",
		&renamed},
	/* QTS */
	{QTS_HEAD
		"Connection type: {.service}, Accessed resources: {.resource*}, Action: Login "
		"Fail",
		&refused},
	{QTS_HEAD
		"Connection type: {.service}, Accessed resources: {.resource*}, Action: Login "
		"OK",
		&let_in},
	{QTS_HEAD
		"Connection type: {.service}, Accessed resources: {.resource*}, Action: Logout",
		&logged_out},
	{QTS_HEAD "Connection type: {.service}, Accessed resources: {file.path*}, Action: Read",
		&read_file},
	{QTS_HEAD
		"Connection type: {.service}, Accessed resources: {file.path*}, Action: Write",
		&written},
	{QTS_HEAD
		"Connection type: {.service}, Accessed resources: {file.path*}, Action: Delete",
		&deleted},
	{QTS_HEAD
		"Connection type: {.service}, Accessed resources: {file.path*}, Action: Rename",
		&renamed},
	{QTS_HEAD "Connection type: {.service}, Accessed resources: {file.path*}, Action: "
		  "{.action}",
		&noted},
	{"event log: Users: {user.name*}, Source IP: {source.ip}, Computer name: {.computer}, "
	 "Content: {event.reason}",
		&noted},
};
static struct phrases phrases = PHRASES(sentences);

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	skip_blanks(&text);
	return phrases_read(&phrases, record, context, text) ? PARSED : PARSED_NOT_MINE;
}

static const char *const programs[] = {"Connection", "System", "WinFileService", "FileStation",
	"WebDAV", "AFP", "FTP", "qlogd", "qulogd", NULL};

const struct parser parser_nas = {
	.number = 133,
	.name = "nas",
	.module = "nas",
	.summary = "Synology DSM and QNAP QTS: log-ins and files",
	.source = "Synology DSM 5 to 7, Log Center; QNAP QTS 4 and 5, QuLog Center",
	.programs = programs,
	.parse = parse,
};
