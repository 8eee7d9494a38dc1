/* writer - the thread that commits what was submitted, a group at a time */
#ifndef COLLECTOR_STORE_WRITER_H
#define COLLECTOR_STORE_WRITER_H

/* For pthread_create(); returns when the store stops and all batches are home. */
void *store_writer_run(void *store);

#endif
