/*
 * apt - what APT did with packages, and DNF and YUM: history.log, term.log, dnf.rpm.log,
 *yum.log
 *
 *	Start-Date: 2026-03-07  10:00:00                         history.log, a record of lines
 *	Commandline: apt-get install nginx
 *	Requested-By: an (1000)
 *	Install: nginx:amd64 (1.22.1-9), nginx-common:amd64 (1.22.1-9, automatic)
 *	End-Date: 2026-03-07  10:00:09
 *
 *	Log started: 2026-03-07  10:00:00                                           term.log
 *	Unpacking nginx (1.22.1-9) over (1.22.1-8) ...
 *
 *	2026-03-07T10:00:00+0700 SUBDEBUG Installed: nginx-1:1.22.1-8.el9.x86_64    dnf.rpm.log
 *	Mar 07 10:00:00 Updated: openssl-1.0.2k-26.el7_9.x86_64                     yum.log
 */
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define PACKAGE(name, how)                                                                     \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_PACKAGE}, .type = { how }      \
	}

static const struct meaning begun = PACKAGE("package_manager_started", ECS_START);
static const struct meaning ended = PACKAGE("package_manager_ended", ECS_INFO);
static const struct meaning asked = PACKAGE("package_manager_asked", ECS_INFO);
static const struct meaning noted = PACKAGE("package_manager_noted", ECS_INFO);
static const struct meaning installed = PACKAGE("package_installed", ECS_INSTALLATION);
static const struct meaning upgraded = PACKAGE("package_upgraded", ECS_CHANGE);
static const struct meaning configured = PACKAGE("package_configured", ECS_CHANGE);
static const struct meaning removed = PACKAGE("package_removed", ECS_DELETION);
static const struct meaning failed = {
	.action = {SLICE_BYTES("package_manager_failed")},
	.category = {ECS_PACKAGE},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};

/* ---- history.log ------------------------------------------------------------------------ */

/* The lines of a record, in APT's order; a list of packages is one value. */
static const struct {
	struct slice name;
	const struct meaning *meaning; /* of lists: what was done to these packages */
	enum field_id id;
} lines[] = {
	{{SLICE_BYTES("Start-Date: ")}, NULL, FIELD_EVENT_START},
	{{SLICE_BYTES("Commandline: ")}, NULL, FIELD_PROCESS_COMMAND_LINE},
	{{SLICE_BYTES("Comment: ")}, NULL, FIELD_EVENT_REASON},
	{{SLICE_BYTES("Requested-By: ")}, NULL, FIELD_USER_NAME},
	{{SLICE_BYTES("Install: ")}, &installed, FIELD_PACKAGE_NAME},
	{{SLICE_BYTES("Reinstall: ")}, &installed, FIELD_PACKAGE_NAME},
	{{SLICE_BYTES("Upgrade: ")}, &upgraded, FIELD_PACKAGE_NAME},
	{{SLICE_BYTES("Downgrade: ")}, &upgraded, FIELD_PACKAGE_NAME},
	{{SLICE_BYTES("Remove: ")}, &removed, FIELD_PACKAGE_NAME},
	{{SLICE_BYTES("Purge: ")}, &removed, FIELD_PACKAGE_NAME},
	{{SLICE_BYTES("Disappeared: ")}, &removed, FIELD_PACKAGE_NAME},
	{{SLICE_BYTES("Error: ")}, &failed, FIELD_ERROR_MESSAGE},
	{{SLICE_BYTES("End-Date: ")}, NULL, FIELD_EVENT_END},
};

/* What a record of several lines says it did. */
struct history {
	struct record *record;
	struct parse_context *context;
	const struct meaning *meaning; /* the first list's, but an error's before all */
	struct slice packages;
	unsigned n_packages;
	bool timed; /* a Start-Date was read */
};

/* "2026-03-07  10:00:00", with two blanks */
static bool take_date(struct slice rest, struct parse_context *context, int64_t *ns)
{
	char text[] = "2026-03-07 10:00:00";

	if (rest.len != sizeof(text) || rest.ptr[10] != ' ' || rest.ptr[11] != ' ')
		return false;
	memcpy(text, rest.ptr, 10);
	memcpy(text + 11, rest.ptr + 12, 8);
	rest = slice_of(text, sizeof(text) - 1);
	return take_stamp_iso(&rest, context, ns);
}

/* "an (1000)" */
static void put_user(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice user, number, digits;

	if (!cut_last(rest, SLICE_LIT(" ("), &user, &number))
		user = rest;
	else if (take_digits(&number, &digits))
		put(record, context, FIELD_USER_ID, digits);
	put_some(record, context, FIELD_USER_NAME, user);
}

/* "nginx:amd64 (1.22.1-9), nginx-common:amd64 (1.22.1-9, automatic)" */
static bool take_package(struct slice *list, struct slice *name)
{
	struct slice rest = *list, versions;

	while (skip_byte(&rest, ',') || skip_byte(&rest, ' '))
		;
	*name = take_word(&rest);
	if (name->len == 0 || !skip_lit(&rest, " (") || !take_until(&rest, ')', &versions))
		return false;
	name->len = slice_find(*name, ':');
	*list = rest;
	return true;
}

static bool take_packages(
	struct history *history, struct slice list, const struct meaning *meaning)
{
	struct slice name;

	if (!take_package(&list, &name))
		return false;
	do {
		put_some(history->record, history->context, FIELD_PACKAGE_NAME, name);
	} while (++history->n_packages < OTHERS_MAX && take_package(&list, &name));
	if (history->meaning == NULL)
		history->meaning = meaning;
	return true;
}

static bool take_line(struct history *history, struct slice line)
{
	struct record *record = history->record;
	struct parse_context *context = history->context;
	int64_t ns;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct slice rest = line;

		if (!skip_text(&rest, lines[i].name))
			continue;
		switch (lines[i].id) {
		case FIELD_EVENT_START:
		case FIELD_EVENT_END:
			if (!take_date(rest, context, &ns))
				return false;
			if (!history->timed)
				record->created_ns = ns;
			history->timed = true;
			if (history->meaning == NULL && lines[i].id == FIELD_EVENT_END)
				history->meaning = &ended;
			return true;
		case FIELD_PACKAGE_NAME:
			return take_packages(history, rest, lines[i].meaning);
		case FIELD_USER_NAME:
			put_user(record, context, rest);
			return true;
		default:
			if ((lines[i].id == FIELD_ERROR_MESSAGE ||
				    lines[i].id == FIELD_EVENT_REASON) &&
				!history->timed)
				return false; /* anybody's line may begin so */
			put_some(record, context, lines[i].id, rest);
			if (lines[i].meaning != NULL)
				history->meaning = lines[i].meaning;
			return true;
		}
	}
	return false;
}

static enum parse_result read_history(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct history history = {.record = record, .context = context};
	bool first = slice_starts(text, lines[0].name);
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		if (!take_line(&history, line) && !history.timed)
			return PARSED_NOT_MINE;
	}
	if (history.meaning == NULL)
		history.meaning = first ? &begun : &asked;
	if (history.n_packages > 0)
		put(record, context, FIELD_PACKAGE_TYPE, SLICE_LIT("deb"));
	put_meaning(record, context, history.meaning);
	return PARSED;
}

/* ---- term.log, dnf.rpm.log, yum.log ------------------------------------------------------ */

static const struct phrase terminal_sentences[] = {
	{"Unpacking {package.name+} ({package.version+}) over ({.previous_version+}) ...{}",
		&upgraded},
	{"Unpacking {package.name+} ({package.version+}) ...{}", &installed},
	{"Setting up {package.name+} ({package.version+}) ...{}", &configured},
	{"Removing {package.name+} ({package.version+}) ...{}", &removed},
	{"Purging configuration files for {package.name+} ({package.version+}) ...{}",
		&removed},
	{"Processing triggers for {package.name+} ({package.version+}) ...{}", &configured},
	{"Selecting previously unselected package {package.name*}.{}", &noted},
	{"Preparing to unpack {file.name+} ...{}", &noted},
	{"(Reading database ... {}", &noted},
	{"Installing new version of config file {file.path+} ...{}", &configured},
	{"dpkg: error processing package {package.name+} ({+}):{}", &failed},
	{"update-alternatives: using {file.path+} to provide {+} ({.group+}) in {+} mode{}",
		&configured},
};
static struct phrases terminal = PHRASES(terminal_sentences);

static const struct phrase rpm_sentences[] = {
	{"Installed: {package.name+}{}", &installed},
	{"Dep-Installed: {package.name+}{}", &installed},
	{"Reinstalled: {package.name+}{}", &installed},
	{"Upgraded: {package.name+}{}", &upgraded},
	{"Upgrade: {package.name+}{}", &upgraded},
	{"Updated: {package.name+}{}", &upgraded},
	{"Downgraded: {package.name+}{}", &upgraded},
	{"Downgrade: {package.name+}{}", &upgraded},
	{"Obsoleted: {package.name+}{}", &removed},
	{"Removed: {package.name+}{}", &removed},
	{"Erased: {package.name+}{}", &removed},
	{"Erase: {package.name+}{}", &removed},
};
static struct phrases rpm = PHRASES(rpm_sentences);

/* "bash-5.1.8-6.el9.x86_64", "nginx-1:1.22.1-8.el9.x86_64", yum's
 * "1:nginx-1.20.1-10.el7.x86_64": name, version and release, architecture, told apart from the
 * end. */
static void put_rpm(struct record *record, struct parse_context *context)
{
	struct slice whole = record_get(record, FIELD_PACKAGE_NAME);
	struct slice before, release, version, architecture, epoch;

	put(record, context, FIELD_PACKAGE_TYPE, SLICE_LIT("rpm"));
	if (!cut_last(whole, SLICE_LIT("."), &before, &architecture) ||
		!cut_last(before, SLICE_LIT("-"), &before, &release) ||
		!cut_last(before, SLICE_LIT("-"), &before, &version))
		return;
	if (is_digit(before.ptr[0]) && slice_find(before, ':') < before.len)
		(void)take_until(&before, ':', &epoch);
	put_over(record, context, FIELD_PACKAGE_NAME, before);
	put(record, context, FIELD_PACKAGE_VERSION,
		slice_of(version.ptr, (size_t)(release.ptr + release.len - version.ptr)));
	put(record, context, FIELD_PACKAGE_ARCHITECTURE, architecture);
}

enum { DNF_STAMP_LEN = 24 }; /* "2026-03-07T10:00:00+0700" */

static bool read_dnf(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice text;

	if (rest.len < DNF_STAMP_LEN)
		return false;
	text = slice_from(rest, DNF_STAMP_LEN);
	if (!skip_lit(&text, " SUBDEBUG ") && !skip_lit(&text, " INFO "))
		return false;
	if (!phrases_read(&rpm, record, context, text) ||
		!take_stamp_iso(&rest, context, &record->created_ns))
		return false;
	put_rpm(record, context);
	return true;
}

/* Of yum.log, what was done stands where syslog has the program. */
static bool read_yum(struct record *record, struct parse_context *context, struct slice text)
{
	static const struct {
		struct slice program;
		const struct meaning *meaning;
	} done[] = {
		{{SLICE_BYTES("Installed")}, &installed},
		{{SLICE_BYTES("Dep-Installed")}, &installed},
		{{SLICE_BYTES("Updated")}, &upgraded},
		{{SLICE_BYTES("Erased")}, &removed},
	};

	for (size_t i = 0; i < ARRAY_LEN(done); i++) {
		if (!slice_eq(context->program, done[i].program))
			continue;
		take_out(record, FIELD_PROCESS_NAME);
		put_some(record, context, FIELD_PACKAGE_NAME, text);
		put_rpm(record, context);
		put_meaning(record, context, done[i].meaning);
		return true;
	}
	return false;
}

static bool read_terminal(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice name, before;
	bool starts = skip_lit(&rest, "Log started: ");

	if (starts || skip_lit(&rest, "Log ended: ")) {
		if (!take_date(rest, context, &record->created_ns))
			return false;
		put_meaning(record, context, starts ? &begun : &ended);
		return true;
	}
	if (!phrases_read(&terminal, record, context, rest))
		return false;
	name = record_get(record, FIELD_PACKAGE_NAME);
	if (!slice_absent(name))
		put(record, context, FIELD_PACKAGE_TYPE, SLICE_LIT("deb"));
	if (!slice_absent(name) && take_until(&name, ':', &before)) {
		put_over(record, context, FIELD_PACKAGE_NAME, before);
		put_some(record, context, FIELD_PACKAGE_ARCHITECTURE, name);
	}
	return true;
}

static bool begins_with_name(struct slice text)
{
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (slice_starts(text, lines[i].name))
			return true;
	}
	return false;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;
	enum parse_result result = PARSED_NOT_MINE;

	if (begins_with_name(text))
		result = read_history(record, context, text);
	else if (!slice_absent(context->program)         ? read_yum(record, context, text)
		 : text.len > 0 && is_digit(text.ptr[0]) ? read_dnf(record, context, text)
							 : read_terminal(record, context, text))
		result = PARSED;
	if (result != PARSED_NOT_MINE)
		context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"Installed", "Dep-Installed", "Updated", "Erased", NULL};

const struct parser parser_apt = {
	.number = 41,
	.roles = PARSER_ENVELOPE,
	.name = "apt",
	.module = "apt",
	.summary = "what APT, DNF and YUM did: history.log, term.log, dnf.rpm.log, yum.log",
	.source = "APT 1.0 to 3.0: apt-pkg/deb/dpkgpm.cc; DNF 4: dnf/rpm; yum 3.4",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "SCRIURDPEL(du",
	.digits = DIGITS(ISO_T),
	.parse = parse,
};
