/*
 * dpkg - packages and alternatives of Debian, Ubuntu: dpkg.log and alternatives.log
 *
 *	2026-03-07 10:00:00 startup archives unpack
 *	2026-03-07 10:00:00 install nginx:amd64 <none> 1.22.1-9
 *	2026-03-07 10:00:00 status half-configured nginx:amd64 1.22.1-9
 *	2026-03-07 10:00:00 conffile /etc/nginx/nginx.conf keep
 *	update-alternatives 2026-03-07 10:00:00: link group editor updated to point to
 * /usr/bin/vi
 */
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

enum { STAMP_LEN = 19 }; /* "2026-03-07 10:00:00" */

#define PACKAGE(name, how)                                                                     \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_PACKAGE}, .type = { how }      \
	}

static const struct meaning begun = PACKAGE("package_manager_started", ECS_START);
static const struct meaning state = PACKAGE("package_state", ECS_INFO);
static const struct meaning installed = PACKAGE("package_installed", ECS_INSTALLATION);
static const struct meaning upgraded = PACKAGE("package_upgraded", ECS_CHANGE);
static const struct meaning configured = PACKAGE("package_configured", ECS_CHANGE);
static const struct meaning removed = PACKAGE("package_removed", ECS_DELETION);
static const struct meaning file_kept = {
	.action = {SLICE_BYTES("configuration_file_kept")},
	.category = {ECS_CONFIGURATION},
	.type = {ECS_INFO},
};
static const struct meaning file_replaced = {
	.action = {SLICE_BYTES("configuration_file_replaced")},
	.category = {ECS_CONFIGURATION},
	.type = {ECS_CHANGE},
};
static const struct meaning alternative_asked = {
	.action = {SLICE_BYTES("alternatives_run")},
	.category = {ECS_CONFIGURATION},
	.type = {ECS_INFO},
};
static const struct meaning alternative_changed = {
	.action = {SLICE_BYTES("alternative_changed")},
	.category = {ECS_CONFIGURATION},
	.type = {ECS_CHANGE},
};

/* dpkg(1), section LOG: "action pkg installed-version available-version". */
#define NOW " {package.name+} {package.version+} {+}{}"
static const struct phrase dpkg_sentences[] = {
	{"status {.state+} {package.name+} {package.version+}{}", &state},
	{"install {package.name+} {+} {package.version+}{}", &installed},
	{"upgrade {package.name+} {.previous_version+} {package.version+}{}", &upgraded},
	{"configure" NOW, &configured},
	{"trigproc" NOW, &configured},
	{"remove" NOW, &removed},
	{"purge" NOW, &removed},
	{"disappear" NOW, &removed},
	{"startup {.command*}", &begun},
	{"conffile {file.path+} keep{}", &file_kept},
	{"conffile {file.path+} install{}", &file_replaced},
};
static struct phrases dpkg = PHRASES(dpkg_sentences);
#undef NOW

static const struct phrase alternatives_sentences[] = {
	{"run with {process.command_line*}", &alternative_asked},
	{"link group {.group+} updated to point to {file.path*}", &alternative_changed},
	{"link group {.group+} fully removed{}", &alternative_changed},
	{"status of link group {.group+} set to {.mode+}{}", &alternative_changed},
	{"{.state+} ({*}) of link group{}", &alternative_changed},
};
static struct phrases alternatives = PHRASES(alternatives_sentences);

/* "nginx:amd64": the architecture is a field of its own; "<none>" is no version. */
static void put_package(struct record *record, struct parse_context *context)
{
	struct slice name = record_get(record, FIELD_PACKAGE_NAME), before;

	put(record, context, FIELD_PACKAGE_TYPE, SLICE_LIT("deb"));
	if (take_until(&name, ':', &before)) {
		put_over(record, context, FIELD_PACKAGE_NAME, before);
		put_some(record, context, FIELD_PACKAGE_ARCHITECTURE, name);
	}
	if (slice_eq(record_get(record, FIELD_PACKAGE_VERSION), SLICE_LIT("<none>")))
		take_out(record, FIELD_PACKAGE_VERSION);
}

static bool read_dpkg(struct record *record, struct parse_context *context, struct slice rest)
{
	if (rest.len < STAMP_LEN + 2 || rest.ptr[10] != ' ' || rest.ptr[STAMP_LEN] != ' ' ||
		rest.ptr[STAMP_LEN + 1] < 'a' || rest.ptr[STAMP_LEN + 1] > 'z' ||
		!take_stamp_iso(&rest, context, &record->created_ns) ||
		!skip_byte(&rest, ' ') || !phrases_read(&dpkg, record, context, rest))
		return false;
	if (!slice_absent(record_get(record, FIELD_PACKAGE_NAME)))
		put_package(record, context);
	return true;
}

static bool read_alternatives(
	struct record *record, struct parse_context *context, struct slice rest)
{
	if (!skip_lit(&rest, "update-alternatives "))
		return false;
	return take_stamp_iso(&rest, context, &record->created_ns) && skip_lit(&rest, ": ") &&
	       phrases_read(&alternatives, record, context, rest);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (!read_dpkg(record, context, context->message) &&
		!read_alternatives(record, context, context->message))
		return PARSED_NOT_MINE;
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_dpkg = {
	.number = 40,
	.roles = PARSER_ENVELOPE,
	.name = "dpkg",
	.module = "dpkg",
	.summary = "packages of Debian and Ubuntu: dpkg.log, alternatives.log",
	.source = "dpkg(1), section LOG; dpkg 1.15 to 1.22: update-alternatives.c",
	.first_bytes = FIRST_BYTES_DIGITS "u",
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
