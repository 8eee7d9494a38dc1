/*
 * mssql - the error log of Microsoft SQL Server
 *
 *	2026-03-07 10:00:00.12 Logon       Login failed for user 'sa'. Reason: Password did not
 *		match that for the login provided. [CLIENT: 203.0.113.9]
 *
 * A name is what the client said; the address in brackets is the server's and stands last.
 */
#include "collector/normalize/families/database.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning configured = MEANS("database_configured",
	.category = {ECS_CONFIGURATION}, .category2 = {ECS_DATABASE}, .type = {ECS_CHANGE});
static const struct meaning backed_up =
	MEANS("database_backup", .category = {ECS_DATABASE}, .type = {ECS_ACCESS});
static const struct meaning restored =
	MEANS("database_restore", .category = {ECS_DATABASE}, .type = {ECS_CHANGE});
static const struct meaning started =
	MEANS("service_started", .category = {ECS_PROCESS}, .type = {ECS_START});
static const struct meaning stopped =
	MEANS("service_stopped", .category = {ECS_PROCESS}, .type = {ECS_END});

static const struct phrase sentences[] = {
	{"Login failed for user '{user.name*}'. Reason: {event.reason*} [CLIENT: {source}]",
		&database_refused},
	{"Login failed for user '{user.name*}'. [CLIENT: {source}]", &database_refused},
	{"Login failed. {event.reason*} [CLIENT: {source}]", &database_refused},
	{"Login succeeded for user '{user.name*}'. {}[CLIENT: {source}]", &database_let_in},
	{"SSPI handshake failed with error code {event.code}, {event.reason*} [CLIENT: "
	 "{source}]",
		&database_refused},
	{"The login packet used to open the connection is structurally invalid; {}[CLIENT: "
	 "{source}]",
		&database_refused},
	{"Length specified in network packet payload did not match number of bytes read; {}"
	 "[CLIENT: {source}]",
		&database_error},
	{"Error: {event.code}, Severity: {.severity}, State: {.state}.", &database_error},
	{"Configuration option '{.option}' changed from {.from} to {.to}.{}", &configured},
	{"Setting database option {.option} to {.to} for database '{soc.database}'.",
		&configured},
	{"Using 'xpstar.dll' version '{}' to execute extended stored procedure "
	 "'{.procedure}'.{}",
		&configured},
	{"Using 'xplog70.dll' version '{}' to execute extended stored procedure "
	 "'{.procedure}'.{}",
		&configured},
	{"Database backed up. Database: {soc.database}, creation date{}", &backed_up},
	{"Log was backed up. Database: {soc.database}, creation date{}", &backed_up},
	{"BACKUP failed to complete the command {event.reason}", &database_error},
	{"Database was restored: Database: {soc.database}, creation date{}", &restored},
	{"Restore is complete on database '{soc.database}'.{}", &restored},
	{"Starting up database '{soc.database}'.", &database_noted},
	{"SQL Server is now ready for client connections.{}", &started},
	{"SQL Server is terminating because of a system shutdown.{}", &stopped},
	{"SQL Server is terminating in response to a 'stop' request{}", &stopped},
	{"Microsoft SQL Server {service.version} (X64) {}", &database_noted},
};
static struct phrases phrases = PHRASES(sentences);

/* "Logon", "Server", "Backup", "spid51", "spid51s" */
static bool is_origin(struct slice word)
{
	struct slice number = word;

	if (skip_lit(&number, "spid"))
		return all_digits(
			slice_head(number, number.len - slice_ends(number, SLICE_LIT("s"))));
	return slice_eq(word, SLICE_LIT("Logon")) || slice_eq(word, SLICE_LIT("Server")) ||
	       slice_eq(word, SLICE_LIT("Backup"));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, origin;
	int64_t ns;

	if (rest.len < 30 || rest.ptr[10] != ' ' || rest.ptr[19] != '.' ||
		rest.ptr[22] != ' ' || !take_stamp_any(&rest, context, &ns) ||
		!skip_byte(&rest, ' '))
		return PARSED_NOT_MINE;
	origin = take_word(&rest);
	if (!is_origin(origin))
		return PARSED_NOT_MINE;
	skip_blanks(&rest);
	record->created_ns = ns;
	put(record, context, FIELD_LOG_LOGGER, origin);
	put_over(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	return phrases_put(&phrases, record, context, slice_head(rest, slice_find(rest, '\n')),
		&database_noted);
}

const struct parser parser_mssql = {
	.number = 128,
	.roles = PARSER_ENVELOPE,
	.name = "mssql",
	.module = "mssql",
	.summary = "Microsoft SQL Server: ERRORLOG",
	.source = "SQL Server 2008 to 2022: View the SQL Server error log, MSSQLSERVER_18456, "
		  "Database Engine events and errors",
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
