/* tour.h - a guided tour through the program's own page tables, for somebody new to them. */
#ifndef USER_TOUR_H
#define USER_TOUR_H

void guided_tour(void);

#endif
