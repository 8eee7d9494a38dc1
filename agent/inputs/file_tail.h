/*
 * file_tail - log files by glob pattern
 *
 * Finds the files, hears about changes (file_watch.h) or looks itself, and
 * lets the tails (tail.h) read in turns of one block each, so that a busy file
 * does not keep the others waiting. Every `poll` all files are looked at even
 * when nothing was heard.
 */
#ifndef AGENT_INPUTS_FILE_TAIL_H
#define AGENT_INPUTS_FILE_TAIL_H

#include "agent/input.h"

extern const struct input file_input;

#endif
