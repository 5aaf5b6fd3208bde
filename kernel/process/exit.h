/* The end of tasks, as the other files of the system see it. */
#pragma once

struct task;
struct mm_struct;

void exit_init(void);
/* A dead task's structure and stack are ready to be freed. */
void task_left(void);
/*
 * The running task goes on in mm, whose reference it takes over; NULL: as a kernel thread. It lets
 * go of the one that it had. No spin lock held, interrupts on; waits for IPIs.
 */
void switch_to_mm(struct mm_struct *mm);
/* What the thread's library wants done when the thread, or its program, ends. */
void exit_user_words(struct task *task);
/* How process 1 ended, as wait4 would report it. */
extern int first_process_status;
