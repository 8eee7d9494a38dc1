/*
 * backtest_command - `soc-collector sigma backtest`: rules over what the store holds
 *
 * Reads the store's folder only, beside a running collector or without one. Of
 * each rule, day and agency with a match one JSON object a line, when all is
 * read:
 *
 *	{"rule":ID,"title":T,"level":L,"day":"2026-11-20","agency":N,"matches":N,
 *	 "hosts":N,"first":TIME,"last":TIME,"evidence":["3-17",...]}
 *
 * `day`, `first` and `last` are of when records were received, in the zone of
 * the register (without settings +07:00); `evidence` are the first records that
 * fitted, "class-number".
 */
#ifndef COLLECTOR_BACKTEST_COMMAND_H
#define COLLECTOR_BACKTEST_COMMAND_H

#include "common/cli/command.h"

extern const struct command backtest_commands[]; /* ended by a zero entry */

#endif
