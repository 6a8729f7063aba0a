"""The rows of the manual's tables, cells parted by bars; the first row is the header."""

PARTS = """
No. | Part | Purpose
1 | Lid with double wall | Closes the chamber and holds fragments back
2 | Window | Shows whether the rotor stands still; port for a stroboscope
3 | Rotor chamber | Stainless steel, cooled, drain at the rear
4 | Drive cone | Carries the rotor; keep dry and free of grease
5 | Display | Shows set values, actual values and error codes
6 | Dial | Changes the value that is marked; press to accept it
7 | Feet | Rubber with suction cups; the front pair is adjustable
"""

ROTORS = """
Order no. | Rotor | Places | Radius (mm) | Greatest force (× g)
R-2401 | Fixed angle, 45° | 24 × 2 ml | 84 | 20 200
R-2402 | Fixed angle, 35° | 6 × 50 ml | 97 | 11 800
R-2403 | Swing-out, 4 buckets | 4 × 100 ml | 146 | 4 300
R-2404 | Swing-out, microplates | 2 × 3 plates | 125 | 2 500
R-2405 | Haematocrit | 24 capillaries | 85 | 16 000
"""

PROGRAMS = """
Program | For | Force (× g) | Time | Temp. | Start | Brake
P1 | Test run, rotor empty | 2 000 | 5 min | 4 °C | 5 | 5
P2 | Blood, serum | 1 500 | 10 min | 20 °C | 7 | 4
P3 | Blood, plasma | 2 500 | 15 min | 20 °C | 7 | 4
P4 | Urine sediment | 400 | 5 min | 20 °C | 9 | 2
P5 | Bacteria, pellet | 5 000 | 10 min | 4 °C | 9 | 9
P6 | DNA, precipitation | 16 000 | 20 min | 4 °C | 9 | 9
P7 | Cells, gentle | 200 | 8 min | 20 °C | 3 | 1
P8 | Microplates, quick spin | 1 000 | 1 min | 20 °C | 9 | 7
"""

MAINTENANCE = """
How often | Task | Who
Every day | Wipe condensed water out of the chamber; look at the tubes | User
Every week | Clean chamber, lid seal and window with mild soap | User
Every month | Coat the drive cone thinly with paste, order no. S-104 | User
Every month | Check rotors and buckets for corrosion and scratches | User
Every 6 months | Oil the bucket pivots; brush the condenser free of dust | User
Every year | Check speed, temperature and lid lock; electrical test | Service
Every 3 years | Replace the lid seal and the gas springs | Service
Every 7 years | Replace the rubber mounts of the motor | Service
"""

ERRORS = """
Code | Cause | Remedy
E01 | Lid not locked on both sides | Open the lid, clean the latches, close it firmly
E02 | Lid lock opened during a run | Wait for the rotor to stop; call the service
E03 | Mains failure during a run | Check the plug; start the run again
E04 | Rotor not recognised | Fit the rotor again; clean the magnets in its base
E05 | Force set above what the rotor bears | Lower the force or choose another rotor
E06 | Motor too hot | Switch off, let it cool for 40 minutes, brush the air inlet
E07 | Imbalance of the rotor | Load places evenly; oil the bucket pivots
E08 | Chamber warmer than set by 5 °C | Brush the condenser; check the lid seal
E09 | Temperature sensor broken | Call the service; do not use the cooling
E10 | Speed sensor without signal | Switch off for 10 minutes, then try again
E11 | Drive blocked | Remove the transport screws; turn the rotor by hand
E12 | Memory of programs lost | Enter the programs again; replace the buffer cell
"""

SPECIFICATIONS = """
Property | Value
Greatest capacity | 4 × 100 ml
Force, adjustable | 50 × g to 20 200 × g in steps of 10 × g
Time, adjustable | 10 s to 99 h 59 min, and HOLD
Temperature, adjustable | -10 °C to 40 °C in steps of 1 °C
Shortest acceleration, R-2401 | 16 s to full force
Shortest braking, R-2401 | 18 s from full force
Programs | 50, of which 8 are fixed
Noise at full force, 1 m away | 56 dB(A)
Width × depth × height | 43 cm × 61 cm × 34 cm
Height with the lid open | 79 cm
Mass without rotor | 52 kg
Refrigerant | R600a, 95 g
Room temperature in use | 5 °C to 35 °C
Relative humidity in use | up to 80 %, not condensing
Interfaces | USB-C for records; RJ45 for the laboratory network
"""

SPARE_PARTS = """
Order no. | Part | Packed by
S-101 | Lid seal, silicone | 1
S-102 | Rotor nut with key | 1
S-103 | Gas spring for the lid | 2
S-104 | Drive cone paste, 20 g | 1
S-105 | Bucket lids with seal, R-2403 | 4
S-106 | Buffer cell, lithium | 1
S-107 | Pivot oil, 10 ml | 1
"""
