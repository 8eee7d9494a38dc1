/*
 * pipelines - how Sigma's words for log sources and fields are our events' words
 *
 * Files of configs/sigma/pipelines, read in the order of their names:
 *
 *	log-sources:             which events belong to a log source
 *	  - product: windows
 *	    category: process_creation
 *	    when:                a search as rules have it, of the event's own fields
 *	      Channel: Microsoft-Windows-Sysmon/Operational
 *	      EventID: 1
 *	fields:                  under which names events have a rule's field
 *	  - of: {product: windows}
 *	    names:
 *	      CommandLine: [process.command_line]
 *	    under: [winlog.event_data]     "winlog.event_data.CommandLine"
 *	placeholders:            what %name% stands for
 *	  Administrators: [root, admin]
 *
 * A rule's field is looked for under its own name first, then under `names`,
 * then under `under`, each in the order written.
 */
#ifndef COLLECTOR_DETECT_SIGMA_PIPELINES_H
#define COLLECTOR_DETECT_SIGMA_PIPELINES_H

#include "collector/detect/sigma/log_source.h"

enum {
	PIPELINE_FILES_MAX = 200,
	PIPELINE_DEFINITIONS_MAX = 2000,
	PIPELINE_NAMES_MAX = 64, /* of one field, for one log source */
	PIPELINE_ROWS_MAX = 20000,
};

/* What tells the events of a log source; several of the same are alternatives. */
struct definition {
	struct log_source source;
	const struct tree_node *when;
	const char *file; /* lives as long as the pipelines */
};

struct pipelines;

/* `dir` may be NULL: those that are built in. Mistakes are added a line each; what is right
 * works. Never NULL. Texts live in `arena`. */
MUST_USE struct pipelines *pipelines_load(
	const char *dir, struct arena *arena, struct strbuf *mistakes);
void pipelines_free(struct pipelines *pipelines); /* NULL is fine */

size_t pipelines_definitions(
	const struct pipelines *pipelines, const struct definition **definitions);

/* Names that events of the log source may have for the field, its own first; how many, at most
 * PIPELINE_NAMES_MAX. `arena` holds those that are made. */
size_t pipelines_names(const struct pipelines *pipelines, const struct log_source *source,
	struct slice field, struct arena *arena, struct slice *names);

/* NULL when there is none of the name. */
const struct slice *pipelines_placeholder(
	const struct pipelines *pipelines, struct slice name, size_t *n);

#endif
