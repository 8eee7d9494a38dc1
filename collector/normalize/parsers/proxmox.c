/*
 * proxmox - Proxmox VE and Backup Server: log-ins, tasks, access log
 *
 *	pvedaemon[8]: authentication failure; rhost=::ffff:203.0.113.9 user=root@pam msg=...
 *	pvedaemon[8]: <root@pam> starting task
 *UPID:pve1:0000ABCD:0012:65E0:qmstart:100:root@pam:
 *	::ffff:203.0.113.9 - root@pam [07/03/2026:10:00:00 +0700] "GET / HTTP/1.1" 200 12
 *	203.0.113.9 - an [03/07/2026:10:00:00 -0000] "GET / HTTP/1.1" 200 12 "-" "agent" "s" "-"
 *		2083                                             cPanel's access_log
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"
#include "common/netaddr.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("vm_host_login")}, .category = {ECS_AUTHENTICATION},    \
		.category2 = {ECS_HOST}, .type = {ECS_START}, .outcome = {                     \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning task_begun =
	MEANS("task_started", .category = {ECS_HOST}, .type = {ECS_START});
static const struct meaning task_ended = MEANS(
	"task_ended", .category = {ECS_HOST}, .type = {ECS_END}, .outcome = {ECS_SUCCESS});
static const struct meaning task_failed = MEANS(
	"task_ended", .category = {ECS_HOST}, .type = {ECS_END}, .outcome = {ECS_FAILURE});
static const struct meaning changed = MEANS("vm_configured", .category = {ECS_CONFIGURATION},
	.category2 = {ECS_HOST}, .type = {ECS_CHANGE});
static const struct meaning noted = {.category = {ECS_HOST}, .type = {ECS_INFO}};

#define TASK "UPID:{.node}:{}:{}:{}:{.task}:{.task_object}:{user.name}:"

static const struct phrase sentences[] = {
	{"authentication failure; rhost=[{source.ip}]:{source.port} user={user.name*} msg="
	 "{event.reason}",
		&refused},
	{"authentication failure; rhost={source} user={user.name*} msg={event.reason}",
		&refused},
	{"successful auth for user '{user.name*}'", &let_in},
	{"<{}> starting task " TASK, &task_begun},
	{"<{}> end task " TASK " OK", &task_ended},
	{"<{}> end task " TASK " {event.reason}", &task_failed},
	{"<{user.name}> update VM {.vm}: {.change}", &changed},
	{"<{user.name}> update CT {.vm}: {.change}", &changed},
	{"<{user.name}> successful auth for user '{}'", &let_in},
	{"<{user.name}> {.action}", &noted},
	{"starting task " TASK, &task_begun},
	{"end task " TASK " OK", &task_ended},
	{"end task " TASK " {event.reason}", &task_failed},
	{"worker {} started", &noted},
	{"worker {} finished", &noted},
	{"starting {} worker(s)", &noted},
};
static struct phrases phrases = PHRASES(sentences);

/* "root@pam": the realm says who vouches for the name; "root@pam!backup" is a token of his. */
static void split_realm(struct record *record, struct parse_context *context)
{
	struct slice user = record_get(record, FIELD_USER_NAME), name, realm, token;

	if (!cut_last(user, SLICE_LIT("@"), &name, &realm))
		return;
	if (take_until(&realm, '!', &token)) {
		put_other(record, context, FIELD_OTHER, SLICE_LIT("token"), realm);
		realm = token;
	}
	put_over(record, context, FIELD_USER_NAME, name);
	put_over(record, context, FIELD_USER_DOMAIN, realm);
}

static bool is_ip(struct slice text)
{
	struct netaddr address;

	return netaddr_parse(text, &address);
}

static bool has_numbered_month(struct slice at)
{
	return at.len >= 28 && at.ptr[0] == '[' && at.ptr[3] == '/' && at.ptr[6] == '/' &&
	       at.ptr[11] == ':' && at.ptr[20] == ' ';
}

/* "[07/03/2026:10:00:00 +0700] ": the month is a number, as no other server writes it but
 * cPanel's, which has it first. */
static bool take_time(
	struct slice *rest, const struct parse_context *context, bool month_first, int64_t *ns)
{
	const size_t month = month_first ? 1 : 4, day = month_first ? 4 : 1;
	char text[] = "2026-03-07T10:00:00";
	struct slice at = *rest, stamp;
	int32_t zone;

	if (!has_numbered_month(at))
		return false;
	memcpy(text, at.ptr + 7, 4);
	memcpy(text + 5, at.ptr + month, 2);
	memcpy(text + 8, at.ptr + day, 2);
	memcpy(text + 11, at.ptr + 12, 8);
	at = slice_from(at, 21);
	struct parse_context zoned = *context;
	if (!take_zone(&at, &zone) || !skip_lit(&at, "] "))
		return false;
	zoned.zone_seconds = zone;
	zoned.zone = NULL;
	stamp = slice_of(text, sizeof(text) - 1);
	if (!take_stamp_iso(&stamp, &zoned, ns))
		return false;
	*rest = at;
	return true;
}

/* "REFERRER" "AGENT" "HOW" "FORWARDED" PORT: cPanel goes on where Proxmox ends. */
static bool is_of_cpanel(struct slice line)
{
	struct slice before, port;

	return cut_last(line, SLICE_LIT("\" "), &before, &port) && all_digits(port);
}

static void put_cpanel(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice text[4] = {{0}};
	struct slice port = SLICE_NONE, before;

	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		if (!skip_byte(&rest, ' ') || !access_log_take_quoted(&rest, &text[i]))
			break;
	}
	put_some(record, context, FIELD_HTTP_REQUEST_REFERRER, text[0]);
	put_some(record, context, FIELD_USER_AGENT_ORIGINAL, text[1]);
	if (!slice_absent(text[3]) && !slice_eq(text[3], SLICE_LIT("-")))
		put_only_address(record, context, FIELD_CLIENT_IP,
			slice_head(text[3], slice_find(text[3], ',')));
	if (cut_last(rest, SLICE_LIT(" "), &before, &port))
		put_digits(record, context, FIELD_DESTINATION_PORT, port);
	context->module = SLICE_LIT("cpanel");
}

static enum parse_result read_access(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, host, user, request, status;
	int64_t ns;

	host = take_word(&rest);
	if (!is_ip(host) || !skip_lit(&rest, " - "))
		return PARSED_NOT_MINE;
	size_t at = slice_search(rest, SLICE_LIT(" ["));
	user = slice_head(rest, at);
	if (at == rest.len)
		return PARSED_NOT_MINE;
	rest = slice_from(rest, at + 1);
	const bool cpanel = has_numbered_month(rest) && is_of_cpanel(rest);
	if (!take_time(&rest, context, cpanel, &ns) ||
		!access_log_take_quoted(&rest, &request) || !skip_byte(&rest, ' '))
		return PARSED_NOT_MINE;
	status = take_word(&rest);
	if (status.len != 3 || !all_digits(status) || !skip_byte(&rest, ' '))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	access_log_put_outcome(record, context, status);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
	put_some(record, context, FIELD_USER_NAME, user);
	access_log_put_request(record, context, request);
	put_digits(record, context, FIELD_HTTP_RESPONSE_STATUS_CODE, status);
	put_digits(record, context, FIELD_HTTP_RESPONSE_BODY_BYTES, take_word(&rest));
	if (cpanel)
		put_cpanel(record, context, rest);
	context->message = SLICE_NONE;
	return PARSED;
}

static bool is_of_auth_log(struct slice line)
{
	size_t len = slice_find(line, ' ');

	return len >= sizeof("2026-03-07T10:00:00Z") && line.ptr[len - 1] == ':' &&
	       line.ptr[10] == 'T';
}

/* "2026-03-07T10:00:00+07:00: authentication failure; ...", of Backup Server's auth.log */
static enum parse_result read_auth(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	int64_t ns;

	if (!take_stamp_iso(&rest, context, &ns) || !skip_lit(&rest, ": ") ||
		phrases_read(&phrases, record, context, rest) == NULL)
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	context->message = SLICE_NONE;
	return PARSED;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	enum parse_result result;

	if (!slice_absent(context->program))
		result = phrases_put(&phrases, record, context, context->message, &noted);
	else if (is_of_auth_log(context->message))
		result = read_auth(record, context);
	else
		result = read_access(record, context);
	split_realm(record, context);
	return result;
}

static const char *const programs[] = {"pvedaemon", "pveproxy", "pvestatd", "pmxcfs", "qm",
	"pct", "pvesh", "proxmox-backup-proxy", "proxmox-backup-api", "pmgdaemon", "pmgproxy",
	NULL};

const struct parser parser_proxmox = {
	.number = 132,
	.roles = PARSER_ENVELOPE,
	.name = "proxmox",
	.module = "proxmox",
	.summary = "Proxmox VE, Backup Server, Mail Gateway: log-ins, tasks, access log",
	.source = "Proxmox VE 5 to 8: pvedaemon, pveproxy, PVE::RESTEnvironment UPID; wiki, "
		  "Fail2ban",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "abcdef:",
	.digits = DIGITS_ADDRESS | DIGITS(ISO_T),
	.parse = parse,
};
