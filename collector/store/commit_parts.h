/* commit_parts - what the two halves of a commit (commit.c, commit_write.c) share */
#ifndef COLLECTOR_STORE_COMMIT_PARTS_H
#define COLLECTOR_STORE_COMMIT_PARTS_H

#include "collector/store/commit.h"

/* Records added so far, in all classes. */
unsigned commit_records(const struct store *store);

/* Bit class - 1: the class has a block in this commit. */
uint8_t commit_classes(const struct store *store);

/* Writes the commit. True: it is durable, positions moved, and everybody was told; false:
 * nothing of it will be read. */
MUST_USE bool commit_write(struct store *store);

/* Keeps the state, and logs when it changes. */
void commit_set_refusing(struct store *store, bool refusing, const char *why);

#endif
