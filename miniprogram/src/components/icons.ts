/**
 * Drawn lines on a field of 24 × 24. One drawing for each idea; a word always stands beside it.
 */
export const icons = {
  home: 'M3 11l9-8 9 8M6 9v11h12V9M10 20v-6h4v6',
  book: 'M5 4h12a2 2 0 0 1 2 2v14H7a2 2 0 0 1-2-2zM5 18a2 2 0 0 1 2-2h12M9 8h6M9 12h4',
  basket: 'M3 9h18l-2 11H5zM8 9l3-6M16 9l-3-6M9 13v3M15 13v3',
  board: 'M4 20v-7h5v7M9 20V6h6v14M15 20v-10h5v10M3 20h18',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-7 8-7s8 3 8 7',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20c0-4 3-6 7-6s7 2 7 6M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14c3 .8 4 3 4 6',
  rules: 'M6 3h9l4 4v14H6zM15 3v4h4M9 11h7M9 15h7M9 19h4',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  check: 'M4 12.5l5.5 5.5L20 7',
  close: 'M6 6l12 12M18 6L6 18',
  right: 'M9 5l7 7-7 7',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5',
  scan: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16',
  pen: 'M4 20l1-5L16 4l4 4L9 19zM14 6l4 4',
  list: 'M8 6h13M8 12h13M8 18h13M3.5 6h.1M3.5 12h.1M3.5 18h.1',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l4 2',
  undo: 'M9 14L4 9l5-5M4 9h9a6 6 0 0 1 0 12h-3',
  receipt: 'M5 3h14v18l-3-2-2 2-2-2-2 2-2-2-3 2zM9 8h6M9 12h6',
  speaker: 'M4 9v6h4l6 5V4L8 9zM18 9c1.5 1.7 1.5 4.3 0 6M20.5 6.5c3 3.2 3 7.800 0 11',
  alert: 'M12 3L2 20h20zM12 10v4M12 17h.1',
  refresh: 'M20 11a8 8 0 1 0-2 6M20 4v7h-7',
  letters: 'M3 19l5-14 5 14M5 14h6M15 19l3-8 3 8M16 16h4',
  sprout: 'M12 21V11M12 13c0-5-3-8-8-8 0 5 3 8 8 8zM12 11c0-4 3-6 8-6 0 4-3 7-8 7z',
  out: 'M10 4H4v16h6M15 8l4 4-4 4M19 12H9',
  swap: 'M7 4L3 8l4 4M3 8h14M17 12l4 4-4 4M21 16H7',
  wait: 'M7 3h10M7 21h10M8 3c0 5 8 5 8 9s-8 4-8 9M16 3c0 5-8 5-8 9s8 4 8 9',
} as const

export type IconName = keyof typeof icons
