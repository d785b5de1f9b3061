export const drawQr = (text: string): string => text
