/*
 * auditd - records of the Linux audit system, one a line
 *
 *	type=SYSCALL msg=audit(1481076984.827:17): arch=c000003e syscall=59 ... comm="sh"
 *	node=web type=USER_LOGIN msg=audit(1481076984.827:17): pid=1 msg='op=login res=failed'
 *	kernel: audit: type=1400 audit(1481076984.827:17): apparmor="DENIED" ...
 *	audit[812]: USER_AUTH pid=812 uid=0 ... msg='op=PAM:authentication ...'     journald
 *
 * Behind byte 0x1d stands what auditd adds when it enriches: names for numbers. Records with
 * one serial number are one event; event.id joins them.
 */
#include "collector/normalize/families/audit_text.h"

static void put_header(
	struct record *record, struct parse_context *context, const struct audit_header *header)
{
	if (header->stamped) {
		record->created_ns = header->ns;
		put(record, context, FIELD_EVENT_ID, header->id);
		put_digits(record, context, FIELD_EVENT_SEQUENCE, header->serial);
	}
	if (!slice_absent(header->node))
		put_over(record, context, FIELD_HOST_HOSTNAME, header->node);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct audit audit = {.record = record, .context = context};
	struct slice rest = context->message;
	struct audit_header header = {0};

	if (!audit_take_header(&rest, context->program, &header))
		return PARSED_NOT_MINE;
	audit.type = audit_type_of(&header);
	if (audit.type != NULL)
		header.type = audit.type->name;
	put_header(record, context, &header);
	if (!slice_absent(context->program))
		take_out(record, FIELD_PROCESS_NAME); /* who carried the record */
	if (!slice_absent(context->program))
		take_out(record, FIELD_PROCESS_PID);
	audit_read_values(&audit, rest);
	audit_finish(&audit, header.type);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"audit", "audispd", "audisp-syslog", "audisp-remote",
	"audisp", "kernel", "auditd", NULL};

const struct parser parser_auditd = {
	.number = 22,
	.roles = PARSER_ENVELOPE,
	.name = "auditd",
	.module = "auditd",
	.summary =
		"records of the Linux audit system: auditd, kernel, journald, raw and enriched",
	.source = "audit-userspace 2.4 to 4.0; audit-documentation: events, fields",
	.programs = programs,
	.first_bytes = "tn[a",
	.parse = parse,
};
