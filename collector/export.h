/*
 * export - what the store holds, one JSON object a line
 *
 * Reads the store's folder only, beside a running collector or without one.
 * In order of commits, and within a commit by class:
 *
 *	{"commit":N,"class":C,"kind":"log","stream":{"agency":A,"host":H,"lane":L,
 *	 "epoch":"16 digits"},"sequence":S,"record":{...}}
 *	{"commit":N,"class":C,"kind":"gap","stream":{...},"sequence":S,"count":N,
 *	 "reason":"rotated","bytes":N,"source":"/var/log/x"}
 *	{"class":C,"kind":"lost","first":N,"records":N}
 *	{"commit":N,"class":C,"kind":"damaged","stream":{...},"sequence":S}
 *
 * `stream` is who sent it, by certificate; `record` is the record in ECS
 * (record/encode.h), with the agency it was attributed to. When the original
 * is not UTF-8, "original_hex" holds its exact bytes. `lost`: damaged on disk
 * or removed by retention; `damaged`: the columns are there and the body is
 * not.
 */
#ifndef COLLECTOR_EXPORT_H
#define COLLECTOR_EXPORT_H

#include "common/cli/command.h"

/* `soc-collector export`; ended by a zero entry. Exit status 3: everything readable was written
 * and something is lost. */
extern const struct command export_commands[];

#endif
