/* What files know of the epoll sets that they are in. */
#pragma once
#include <sys/queue.h>

struct epoll_item;
struct file;

LIST_HEAD(epoll_item_list, epoll_item);

/* The last reference to a file that is in sets goes: takes it out of them. May sleep. */
void epoll_forget_file(struct file *file);
void epoll_init(void);
