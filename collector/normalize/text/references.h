/*
 * references - "&lt;", "&#10;" and their like in the text of XML
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_REFERENCES_H
#define COLLECTOR_NORMALIZE_REFERENCES_H

#include "collector/normalize/parser.h"

/* The text with its references put in; what is none stays as it is. A slice of the text when it
 * has none, else of the arena; SLICE_NONE when that is full, and then the context says so. */
struct slice put_references_in(struct parse_context *context, struct slice text);

#endif
