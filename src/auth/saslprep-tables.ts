/*
 * The stringprep tables of RFC 3454 that SASLprep needs, for Unicode 3.2 as the RFC fixes it.
 *
 * A table is a list of ranges in ascending order, separated by spaces. A range is `gap` or `gap.extent`
 * in base 36: `gap` counts from the end of the range before it (from 0 for the first) to its first code
 * point, `extent` from there to its last one. Code points that an earlier table has already taken out of
 * the text do not matter in a later one; ranges there run across them, which keeps the tables small.
 */

/** Code points in no password: unassigned (A.1) and prohibited (C.1.2, C.2.1, C.2.2, C.3 to C.9). */
export const REFUSED: string =
  '0.v 2o.w aq j.r 2n.1 1s.g 1t.1 f.f h.3 3.3 2.2 2.4 8 2 l 19 14.8 3s 20 13.1 3.5 h.w 13.1 8 ' +
  '14 3.5 i o b.a s.4 6.m 2.d 2.2 2 r.4 n.9 3i h.1 g f.1 u.2 s.1g 1f.9a 4 1i.1 j.1 6.2 q.f 4 ' +
  '9.1 3.1 n 8 2.2 5.1 2 8.1 3.1 4.8 2.3 3 6.1 m.6 2.1 7.3 3.1 n 8 3 3 3.1 2 6.3 3.1 4.a 5 2.6 ' +
  'g.b 4 8 2 4 n 8 3 6.1 b 4 4.1 2.e 2.4 b.g 4 9.1 3.1 n 8 3.1 5.1 9.2 3.1 4.7 3.3 3 4.3 c.g 3 ' +
  '7.2 4 5.2 3 2 3.2 3.2 4.2 9 4.3 6.2 4 5.8 2.e d.d 4 9 4 o b 6.3 8 4 5.6 3.8 3.3 b.h 3 9 4 o ' +
  'b 6.3 8 4 5.6 3.6 2 3.3 b.h 3 9 4 o h.3 7.1 4 5.8 2.7 3.3 b.h 3 j.2 p a 2.1 8.2 2.3 7 2 9.h ' +
  '4.b 1n.3 u.10 3 2.1 3 2.1 2.5 5 8 4 2 2.1 3 e 4.1 6 2 7.1 b.1 3.x 21 z.5 s.3 9 11 g.1 2.1b z ' +
  '6 3 8.2 5.5 r.1x 13.9 16.1 2.3 2j.4 1x.4 2b.5 8 1s 2 5.1 8 2 5.1 14 2 5.1 w 2 5.1 8 2 5.1 8 ' +
  '8 o w 2 5.1 8 14 k.5 t.y 2e.b hj.8 u.2 2a.e e 8.a o.8 l.b e 4 3.b 2m.2 b.l f.1 b.5 2h.7 ' +
  '17.11x 4d.3 2j.5 n.1 7.1 13.1 7.1 9 2 2 2 w.1 1i g f.1 7 k.1 4 a.g p.6 11.3 2.n 3.1 s.g j.t ' +
  's.k 1o.1 g.6 1e.b g0.1c 14.o c.k 4g 7p.1 3 2u.1 b.3a 5 5.1 t 10 2 5.2 2 8.1 1h.2 p f.g t.3 ' +
  'lt.ov r 2i.b 5z.15 1t 2f.1 2w.4 15.3 2n 15.1j 1a.2 11.c 18.2 26.3 1c 3c.3 2s.1 w 52v.21 ' +
  'g4n.2h we.2 1k.1fc 8md.6l7 8f.1 1o.44 8.b 6.4 r 6 2 3 3 31.w a6.f 1t.1 1j.13 e.y 5.b o.1 b k ' +
  '5.3 6 3s.3 5b.2 7.1 7.1 7.1 4.2 8 8.ls w 5.b s.50 13.1 13.148h 6v.9 14.2 22.7 2s.f5 2e 20 ' +
  '3.1 2.1 3.1 5 d 2 5 3 1u 5.1 9 8 t 5 6 2.2 8 9f.3 83.3 1f.7wf wyg.g14 f3.jp41'

/** Code points written from right to left (D.1, "RandALCat"), where none is refused. */
export const RIGHT_TO_LEFT: string =
  '14u 2 3 d.10 13.1b z.2 2.2s g.1 k.m 2.q 2c.11 c 1c30 2.9 2.er j.4s 38.3w'

/** Code points written from left to right (D.2, "LCat"), where none is refused. */
export const LEFT_TO_RIGHT: string =
  '1t.p 7.p 1c b 5 6.m 2.u 2.cg 3.6 f.1 f.4 a 3w c 2.31 b.3m 8.73 oq.1i 4.3 9.3 4 8.9 3.c i.1j ' +
  '5.2 7.5 b.a 5.b 3.6 b.1g 5.2 p.m 3.2 f.1i 4.3 9.3 4.v j.1j 4.1 2 7.5 b.p j.1o 2.b b.2q 8.3 ' +
  's.2m 2.4 3.4 a.2z 6.6 b.33 9.2 7.2g 2.1 d.6 9.2p 2.1 a.9 a.1z 3.q 2 2 6.18 l 6 3.3 1f.7 2.2t ' +
  '5 7 8.n 21.16i 6.35 f.h 4.s f.g g.1i 8.7 2.1 c.6 2.d 13.48 120.cc 2 4.a 4.b 5.c 6.a 39 e 3n ' +
  '5 3.9 2 4.4 7 2 2 2.3 2.2 2.6 4.2 6.4 n.z c3.1w r 7b.25 270.2 q.8 8.4 3.4 5.2d 7.2 2.2h 2.93 ' +
  't.28 g.mh8 1h0.fmf sq.p 7.p c.3a mc.14rq 4.8 h.1 8.t 5.17f 7xz.1del'
