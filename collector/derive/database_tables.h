/* database_tables - the tables of derive.db: as they were first, and what changed them since */
#ifndef COLLECTOR_DERIVE_DATABASE_TABLES_H
#define COLLECTOR_DERIVE_DATABASE_TABLES_H

/* SQL of version 0; makes what is missing. */
extern const char database_schema[];

/* SQL that makes version i + 1 of version i. One that was released is never changed: a new one
 * comes behind it. */
extern const char *const database_upgrades[];
extern const int database_version; /* their number */

#endif
