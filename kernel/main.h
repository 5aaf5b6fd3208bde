/* Set-up functions of kernel/ that no header of their own declares. */
#pragma once

void pipe_init(void);
