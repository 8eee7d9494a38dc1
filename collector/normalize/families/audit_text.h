/*
 * audit_text - a record of the Linux audit system as auditd writes it: name=value
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_AUDIT_TEXT_H
#define COLLECTOR_NORMALIZE_AUDIT_TEXT_H

#include "collector/normalize/families/audit.h"

/* "node=web type=SYSCALL msg=audit(1481076984.827:17):" */
struct audit_header {
	struct slice node;       /* or absent */
	struct slice type;       /* a name or, as the kernel writes it, a number */
	struct slice id, serial; /* "1481076984.827:17", "17" */
	int64_t ns;
	bool stamped; /* id, serial and ns are there: journald cuts them off */
};

/* At the start of *rest, which moves behind it; `program` as an envelope said it, or absent. */
bool audit_take_header(struct slice *rest, struct slice program, struct audit_header *header);

/* All values behind the header; audit->type is set. */
void audit_read_values(struct audit *audit, struct slice rest);

/* What a header's type names; NULL for an unknown one. */
const struct audit_type *audit_type_of(const struct audit_header *header);

#endif
